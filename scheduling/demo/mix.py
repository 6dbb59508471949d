"""Who is treated with what in the demo clinic: how many patients, which drug and dose, how often, over how many days.

Doses stay inside the catalogue's ranges. Where a line gives no dose, the catalogue's own suggestion is ordered.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Line:
    """`count` patients with one indication. Each draws one of `products`, `doses`, `weeks` and `days`.

    `doses` are g/kg for a whole course; empty means the catalogue's suggestion. `ages` are from and to.
    """

    indication: str
    count: int
    products: tuple[str, ...]
    doses: tuple[str, ...] = ()
    weeks: tuple[int, ...] = ()
    days: tuple[int, ...] = (1,)
    ages: tuple[int, int] = (24, 74)
    female_share: float = 0.55

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        return tuple(Decimal(dose) for dose in self.doses)


IG = ("privigen", "gammagard_liquid", "gamunex_c", "panzyga", "octagam_10")
PI_IG = ("gammagard_liquid", "gamunex_c", "privigen", "bivigam", "asceniv", "gammaplex_10")

MIX: tuple[Line, ...] = (
    Line("CIDP", 58, IG, ("1",), (3, 3, 3, 3, 4, 5, 6), (2, 2, 2, 2, 3), (38, 79), 0.4),
    Line("MG", 28, ("gamunex_c", "privigen", "gammagard_liquid"), ("1",), (3, 3, 4), (2,), (28, 80)),
    Line("MMN", 22, ("gammagard_liquid",), ("1", "1.2"), (3, 3, 4), (2, 2, 3), (30, 66), 0.35),
    Line("DM", 11, ("octagam_10",), ("2",), (4,), (3, 4), (26, 68), 0.7),
    Line("SPS", 6, ("gamunex_c", "privigen"), ("1.2",), (4, 6), (2, 3), (35, 66), 0.7),
    Line("LEMS", 4, ("gamunex_c", "gammagard_liquid"), ("1",), (7, 8), (2,), (45, 75)),
    Line("PI", 36, PI_IG, ("0.4", "0.5", "0.6"), (3, 3, 4), (1,), (19, 76)),
    Line("SID", 14, PI_IG, ("0.4",), (4,), (1,), (48, 82)),
    Line("RA", 4, ("infliximab",), ages=(30, 78), female_share=0.75),
    Line("CD", 5, ("infliximab",), ages=(19, 58)),
    Line("UC", 4, ("infliximab",), ages=(20, 60)),
    Line("UC", 4, ("vedolizumab",), ages=(21, 72)),
    Line("CD", 3, ("vedolizumab",), ages=(22, 70)),
    Line("MS", 8, ("ocrelizumab",), ages=(23, 58), female_share=0.72),
    Line("MS", 7, ("natalizumab",), ages=(20, 50), female_share=0.72),
    Line("RA", 5, ("tocilizumab",), ages=(34, 76), female_share=0.75),
    Line("RA", 4, ("abatacept",), ages=(38, 80), female_share=0.75),
    Line("RA", 3, ("rituximab",), ages=(40, 74), female_share=0.75),
    Line("RA", 2, ("golimumab_iv",), ages=(35, 70), female_share=0.75),
    Line("SLE", 4, ("belimumab",), ages=(20, 56), female_share=0.9),
    Line("PNH", 2, ("ravulizumab",), ages=(24, 66)),
    Line("PNH", 2, ("eculizumab",), ages=(26, 60)),
    Line("gout", 4, ("pegloticase",), ages=(44, 76), female_share=0.2),
    Line("CD", 2, ("ustekinumab_iv", "risankizumab_iv"), ages=(20, 60)),
    Line("MG", 3, ("efgartigimod_iv",), ages=(30, 74)),
    Line("IDA", 5, ("ferric_carboxymaltose", "ferumoxytol"), ages=(21, 70), female_share=0.8),
    Line("IDA", 4, ("iron_sucrose",), ages=(24, 76), female_share=0.75),
)

ENDS_BY_ITSELF = frozenset(
    {
        "ustekinumab_iv",
        "risankizumab_iv",
        "mirikizumab_iv",
        "guselkumab_iv",
        "efgartigimod_iv",
        "ferric_carboxymaltose",
        "iron_sucrose",
        "ferumoxytol",
    }
)
"""Given as one series; the catalogue has no maintenance for them."""
