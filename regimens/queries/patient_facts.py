"""What of a patient changes a plan or forbids a product."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Max, Q

from patients.domain.cautions import OLDER_THAN, RENAL_RISKS, THROMBOSIS_RISKS
from patients.models import Patient
from regimens.domain.reactions import BLOCKING, SLOWING
from regimens.models import Product, Reaction


@dataclass(frozen=True, kw_only=True)
class PatientFacts:
    """What is known of a patient for one product; by default nothing is.

    `is_at_risk` by a risk flag, whatever the age; `older_from_on` is the birthday from which age alone is a risk.
    `last_given_on` is the day they last had the product (None: never). `slow_after` is the day of the latest reaction
    of grade 2 or more to it: the next infusion follows the first ramp and has premedication. `blocked_on` is the day
    of a reaction of grade 4 or more, after which it is not ordered again. The organization decides whose catalogue
    counts. `weighed_kg` is the last weight on file, asked for only where an order is entered.
    """

    is_at_risk: bool = False
    older_from_on: date | None = None
    last_given_on: date | None = None
    slow_after: date | None = None
    blocked_on: date | None = None
    flags: frozenset[str] = field(default_factory=frozenset)
    height_cm: Decimal | None = None
    sex: str = ""
    organization_id: UUID | None = None
    weighed_kg: Decimal | None = None

    def is_at_risk_on(self, day: date) -> bool:
        """Whether the lower maximum rate of immune globulin and hydration apply on a day."""
        return self.is_at_risk or (self.older_from_on is not None and day >= self.older_from_on)


NOTHING_KNOWN = PatientFacts()


def patient_facts(
    patient: Patient, product: Product | None = None, *, last_given_on: date | None = None
) -> PatientFacts:
    """What of `patient` changes a plan with `product`. Two SQL statements, one without a product."""
    flags = frozenset(patient.risk_flags.filter(ended_on__isnull=True).values_list("code", flat=True))
    slow_after, blocked_on = (None, None) if product is None else _reactions(patient, product)
    known = facts_about(patient, flags=flags, last_given_on=last_given_on)
    return replace(known, slow_after=slow_after, blocked_on=blocked_on)


def with_weight(known: PatientFacts, patient: Patient) -> PatientFacts:
    """The same facts with the last weight on file. One SQL statement."""
    last = patient.weights.first()
    return replace(known, weighed_kg=last.kg if last else None)


def facts_about(patient: Patient, *, flags: frozenset[str], last_given_on: date | None) -> PatientFacts:
    """What a patient and their risk flags say, as long as they never reacted to the product. No SQL."""
    return PatientFacts(
        is_at_risk=bool((RENAL_RISKS | THROMBOSIS_RISKS) & flags),
        older_from_on=_birthday(patient.birth_date, OLDER_THAN + 1),
        last_given_on=last_given_on,
        flags=flags,
        height_cm=patient.height_cm,
        sex=patient.sex,
        organization_id=patient.organization_id,
    )


def _reactions(patient: Patient, product: Product) -> tuple[date | None, date | None]:
    """The clinic-local days of the latest reactions that slow the product and that block it."""
    latest = Reaction.objects.filter(patient=patient, product=product, voided_at__isnull=True).aggregate(
        slow=Max("occurred_at", filter=Q(grade__gte=SLOWING)),
        blocked=Max("occurred_at", filter=Q(grade__gte=BLOCKING)),
    )
    zone = patient.clinic.zone
    slow, blocked = (None if at is None else at.astimezone(zone).date() for at in (latest["slow"], latest["blocked"]))
    return slow, blocked


def _birthday(born_on: date, years: int) -> date:
    """The day somebody has lived so many years (1 March for those born on a leap day)."""
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:
        return date(born_on.year + years, 3, 1)
