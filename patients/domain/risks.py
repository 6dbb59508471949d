"""Words for what to know about a patient before an infusion. Which of them slow a drug is that drug's business.

Source: boxed warnings and cautions of immune globulin labels, and what nurses ask for; the list is a setting (K).
"""

from enum import StrEnum


class Risk(StrEnum):
    """A risk flag's code. A code that is not listed is shown as it is written."""

    RENAL = "renal_impairment"
    DIABETES = "diabetes"
    HEART_FAILURE = "heart_failure"
    CLOT = "prior_clot"
    HYPERCOAGULABLE = "hypercoagulable"
    VOLUME_DEPLETED = "volume_depletion"
    SEPSIS = "sepsis"
    PARAPROTEIN = "paraproteinaemia"
    NEPHROTOXIC = "nephrotoxic_drugs"
    IMMOBILE = "immobilisation"
    IGA_DEFICIENT = "iga_deficiency"
    REACTION = "prior_reaction"
    ALLERGY = "allergy"
    DIFFICULT_ACCESS = "difficult_access"
    CENTRAL_LINE = "central_line"
    FALLS = "fall_risk"
    PREGNANT = "pregnancy"

    @property
    def label(self) -> str:
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())


_LABELS = {
    Risk.RENAL: "Reduced kidney function",
    Risk.CLOT: "Earlier blood clot",
    Risk.HYPERCOAGULABLE: "Blood clots easily",
    Risk.VOLUME_DEPLETED: "Dehydrated",
    Risk.PARAPROTEIN: "Paraprotein in the blood",
    Risk.NEPHROTOXIC: "Takes drugs that harm kidneys",
    Risk.IMMOBILE: "Cannot move about",
    Risk.IGA_DEFICIENT: "IgA deficiency",
    Risk.REACTION: "Earlier infusion reaction",
    Risk.DIFFICULT_ACCESS: "Veins are hard to find",
    Risk.FALLS: "May fall",
}


def risk_label(code: str) -> str:
    """The words for a risk code."""
    return Risk(code).label if code in set(Risk) else code.replace("_", " ").capitalize()
