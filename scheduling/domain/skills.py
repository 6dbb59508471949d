"""What not every nurse may do. The words are the clinic's to tick; whoever assigns nurses reads them."""

from enum import StrEnum


class Skill(StrEnum):
    """A skill that a nurse has or has not."""

    FIRST_DOSE = "first_dose"
    PORT = "port"
    PICC = "picc"
    CHILDREN = "children"
    BIOLOGICS = "biologics"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Skill.FIRST_DOSE: "Starts first doses",
    Skill.PORT: "Uses ports",
    Skill.PICC: "Uses PICC lines",
    Skill.CHILDREN: "Treats children",
    Skill.BIOLOGICS: "Gives monoclonal antibodies",
}
