"""Words of insurance that patients and authorizations share."""

from enum import StrEnum


class LineOfBusiness(StrEnum):
    """The kind of plan, which decides the payer's clock. Names follow the catalogue's `pa_clocks`."""

    MEDICARE = "medicare"
    MEDICARE_ADVANTAGE = "medicare_advantage"
    MEDICAID = "medicaid"
    COMMERCIAL = "state_regulated_commercial"
    ERISA = "erisa_group"
    SELF_PAY = "self_pay"

    @property
    def label(self) -> str:
        return {
            "medicare": "Traditional Medicare",
            "state_regulated_commercial": "Commercial (state-regulated)",
            "erisa_group": "Employer plan (ERISA)",
            "self_pay": "Pays themselves",
        }.get(self.value, self.value.replace("_", " ").capitalize())
