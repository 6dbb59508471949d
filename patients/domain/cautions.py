"""Who is at risk from immune globulin, and who must not have it. Codes are those of the patient's risk flags."""

from collections.abc import Collection

OLDER_THAN = 65

RENAL_RISKS = frozenset(
    {
        "renal_insufficiency",
        "diabetes",
        "volume_depletion",
        "sepsis",
        "paraproteinaemia",
        "nephrotoxic_drugs",
    }
)
THROMBOSIS_RISKS = frozenset(
    {
        "immobilisation",
        "hypercoagulable",
        "prior_thrombosis",
        "oestrogens",
        "central_catheter",
        "hyperviscosity",
        "cardiovascular_risk",
        "heart_failure",
    }
)
CONTRAINDICATIONS = frozenset({"anaphylaxis_to_ig", "iga_deficiency_with_antibodies"})
"""Hard stops for every immune globulin. IgA deficiency alone is a question to ask, not a stop."""
PRODUCT_CONTRAINDICATIONS: dict[str, frozenset[str]] = {
    "hyperprolinaemia": frozenset({"privigen"}),
    "fructose_intolerance": frozenset({"gammaplex_5", "flebogamma_5", "flebogamma_10"}),
}


def is_at_risk(*, age_years: int, flags: Collection[str]) -> bool:
    """Whether the lower maximum rate and hydration apply: older than 65 or any listed condition.

    Source: boxed warnings of immune globulin labels (P1-P12); confidence P.
    """
    return age_years > OLDER_THAN or bool((RENAL_RISKS | THROMBOSIS_RISKS).intersection(flags))


def contraindications(*, product: str, flags: Collection[str]) -> tuple[str, ...]:
    """The patient's flags that forbid this immune globulin, in alphabetical order.

    Source: contraindications of immune globulin labels (P4-P12), payer guideline for sorbitol products (P19b); P.
    """
    stops = {flag for flag in flags if product in PRODUCT_CONTRAINDICATIONS.get(flag, ())}
    return tuple(sorted(stops | CONTRAINDICATIONS.intersection(flags)))
