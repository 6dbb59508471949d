"""The one vocabulary of what to know about a patient before an infusion: contraindications, risks, and matters of care.

What a code does to an immune globulin is decided in `cautions`; here are its words. Source: contraindications and boxed
warnings of immune globulin labels (P4-P12), and what nurses ask for; the list is a setting (K).
"""

from enum import StrEnum

from patients.domain.cautions import CONTRAINDICATIONS, PRODUCT_CONTRAINDICATIONS, RENAL_RISKS, THROMBOSIS_RISKS


class Risk(StrEnum):
    """A risk flag's code. A code that is not listed is shown as it is written."""

    ANAPHYLAXIS = "anaphylaxis_to_ig"
    IGA_ANTIBODIES = "iga_deficiency_with_antibodies"
    HYPERPROLINAEMIA = "hyperprolinaemia"
    FRUCTOSE = "fructose_intolerance"
    RENAL = "renal_insufficiency"
    DIABETES = "diabetes"
    VOLUME_DEPLETED = "volume_depletion"
    SEPSIS = "sepsis"
    PARAPROTEIN = "paraproteinaemia"
    NEPHROTOXIC = "nephrotoxic_drugs"
    HEART_FAILURE = "heart_failure"
    CARDIOVASCULAR = "cardiovascular_risk"
    CLOT = "prior_thrombosis"
    HYPERCOAGULABLE = "hypercoagulable"
    HYPERVISCOSITY = "hyperviscosity"
    OESTROGENS = "oestrogens"
    IMMOBILE = "immobilisation"
    CENTRAL_LINE = "central_catheter"
    IGA_DEFICIENT = "iga_deficiency"
    REACTION = "prior_reaction"
    ALLERGY = "allergy"
    DIFFICULT_ACCESS = "difficult_access"
    FALLS = "fall_risk"
    PREGNANT = "pregnancy"

    @property
    def label(self) -> str:
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())


_LABELS = {
    Risk.ANAPHYLAXIS: "Anaphylaxis to immune globulin",
    Risk.IGA_ANTIBODIES: "IgA deficiency with antibodies to IgA",
    Risk.FRUCTOSE: "Hereditary fructose intolerance",
    Risk.RENAL: "Reduced kidney function",
    Risk.CARDIOVASCULAR: "Heart and vessel disease",
    Risk.CLOT: "Earlier blood clot",
    Risk.HYPERCOAGULABLE: "Blood clots easily",
    Risk.HYPERVISCOSITY: "Thick blood",
    Risk.OESTROGENS: "Takes oestrogens",
    Risk.VOLUME_DEPLETED: "Dehydrated",
    Risk.PARAPROTEIN: "Paraprotein in the blood",
    Risk.NEPHROTOXIC: "Takes drugs that harm kidneys",
    Risk.IMMOBILE: "Cannot move about",
    Risk.CENTRAL_LINE: "Port or central line",
    Risk.IGA_DEFICIENT: "IgA deficiency",
    Risk.REACTION: "Earlier infusion reaction",
    Risk.DIFFICULT_ACCESS: "Veins are hard to find",
    Risk.FALLS: "May fall",
}
_MUST_NOT_HAVE = {
    Risk.ANAPHYLAXIS: "any immune globulin",
    Risk.IGA_ANTIBODIES: "any immune globulin",
    Risk.HYPERPROLINAEMIA: "Privigen",
    Risk.FRUCTOSE: "immune globulin with sorbitol (Gammaplex 5 %, Flebogamma)",
}


def risk_label(code: str) -> str:
    """The words for a risk code."""
    return Risk(code).label if code in set(Risk) else code.replace("_", " ").capitalize()


def must_not_have(code: str) -> str:
    """What a patient with this code must not have, in words that follow "must not have"; empty for no prohibition.

    Source: contraindications of immune globulin labels (P4-P12), payer guideline for sorbitol products (P19b).
    """
    return _MUST_NOT_HAVE.get(Risk(code), "") if code in set(Risk) else ""


def slows_immune_globulin(code: str) -> bool:
    """Whether the code alone makes a patient at risk, so that immune globulin runs slower and with hydration.

    Source: boxed warnings of immune globulin labels (P1-P12).
    """
    return code in RENAL_RISKS or code in THROMBOSIS_RISKS


def grouped_choices() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Every code with its words, under three headings, for a field to choose from."""
    groups: dict[str, list[tuple[str, str]]] = {"Must not have": [], "At risk: slower, with fluids": [], "To know": []}
    for risk in Risk:
        if must_not_have(risk):
            groups["Must not have"].append((risk.value, risk.label))
        elif slows_immune_globulin(risk):
            groups["At risk: slower, with fluids"].append((risk.value, risk.label))
        else:
            groups["To know"].append((risk.value, risk.label))
    return tuple((heading, tuple(choices)) for heading, choices in groups.items())


KNOWN_TO_RULES = RENAL_RISKS | THROMBOSIS_RISKS | CONTRAINDICATIONS | frozenset(PRODUCT_CONTRAINDICATIONS)
"""Every code that a rule asks about; each is a `Risk`."""
