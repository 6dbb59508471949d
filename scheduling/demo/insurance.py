"""Eight invented insurers, and who is insured with whom."""

from dataclasses import dataclass
from datetime import date, timedelta

from patients.domain.insurance import LineOfBusiness
from patients.models import Coverage, Patient, Payer
from scheduling.demo.house import House
from scheduling.demo.stage import Stage

L = LineOfBusiness


@dataclass(frozen=True)
class Insurer:
    """An invented insurer. `share` is how many patients of each age it has, out of all shares."""

    name: str
    line: LineOfBusiness
    decision_days: int
    renewal_lead_days: int
    younger: int
    older: int
    phone: str
    needs_authorization: bool = True


INSURERS = (
    Insurer("Tallgrass Mutual", L.COMMERCIAL, 5, 45, 26, 0, "+1 312 555 0170"),
    Insurer("Copper Ridge Health", L.COMMERCIAL, 7, 30, 20, 0, "+1 312 555 0171"),
    Insurer("Prairie Commons Plan", L.MEDICAID, 2, 30, 12, 4, "+1 312 555 0172"),
    Insurer("Silver Birch Advantage", L.MEDICARE_ADVANTAGE, 3, 45, 1, 34, "+1 312 555 0173"),
    Insurer("Lakeshore Advantage", L.MEDICARE_ADVANTAGE, 3, 30, 1, 24, "+1 312 555 0174"),
    Insurer("Union Fields Benefit Trust", L.ERISA, 10, 60, 18, 2, "+1 312 555 0175"),
    Insurer("Two Harbors Employers", L.ERISA, 8, 45, 14, 2, "+1 312 555 0176"),
    Insurer("Great Prairie Senior Program", L.MEDICARE, 5, 45, 2, 26, "+1 312 555 0177", needs_authorization=False),
)


def insurers(stage: Stage, house: House) -> list[Payer]:
    """The insurers' rows, in the order of `INSURERS`."""
    return [
        stage.rows.add(
            Payer(
                id=stage.new_id(),
                organization=house.organization,
                name=each.name,
                line_of_business=each.line.value,
                phone=each.phone,
                usual_decision_days=each.decision_days,
                renewal_lead_days=each.renewal_lead_days,
                needs_authorization=each.needs_authorization,
            )
        )
        for each in INSURERS
    ]


def insure(stage: Stage, patient: Patient, payers: list[Payer]) -> Payer:
    """A plan that suits the patient's age; a few had another one until New Year."""
    is_older = patient.birth_date <= stage.today - timedelta(days=65 * 365 + 16)
    shares = [each.older if is_older else each.younger for each in INSURERS]
    payer = stage.rng.choices(payers, shares)[0]
    starts_on = date(stage.today.year - stage.rng.choice((1, 1, 2, 3)), 1, 1)
    if stage.happens(0.05):
        before = stage.pick([each for each in payers if each is not payer])
        _plan(stage, patient, before, starts_on, starts_on.replace(month=12, day=31))
        starts_on = date(starts_on.year + 1, 1, 1)
    _plan(stage, patient, payer, min(starts_on, stage.first_on), None)
    return payer


def _plan(stage: Stage, patient: Patient, payer: Payer, starts_on: date, ends_on: date | None) -> None:
    letters = "".join(stage.pick("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(3))
    verified = (
        stage.today - timedelta(days=stage.rng.randint(1, 24)) if ends_on is None and stage.happens(0.85) else None
    )
    stage.rows.add(
        Coverage(
            id=stage.new_id(),
            patient=patient,
            payer=payer,
            member_id=f"{letters}{stage.rng.randint(10**7, 10**8 - 1)}",
            starts_on=starts_on,
            ends_on=ends_on,
            verified_on=verified,
        )
    )
