"""Invented clinics, people, orders and authorizations for tests: plain functions, sensible defaults, real rows."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from accounts.domain.policy import Role
from accounts.models import Clinic, Membership, OpeningHours, Organization, User
from accounts.queries import actor_for, patient_id_of, workplaces
from authorizations.models import Authorization
from core import clock
from core.actor import Actor
from patients.models import Coverage, LabResult, Patient, Payer, TreatmentConsent, WeightMeasurement
from regimens.models import Course, CourseDay, Indication, OrderStatus, Product, SafetyEnrolment, TreatmentOrder
from regimens.queries.programmes import programme_of
from scheduling.models import Chair, ClearanceOverride, PreInfusionCheck, Shift, Visit
from scheduling.queries.clearance import clearances
from scheduling.services import capacity, gate

PASSWORD = "a long invented passphrase"
_numbers = itertools.count(1)

PHASES: list[dict[str, Any]] = [
    {"kind": "intake", "minutes": 15},
    {"kind": "iv_start", "minutes": 15},
    {"kind": "infusion", "minutes": 60},
    {"kind": "observation", "minutes": 15},
    {"kind": "turnover", "minutes": 15},
]


def make_clinic(*, time_zone: str = "America/Chicago", chairs: int = 3, **fields: Any) -> Clinic:
    """A clinic open 07:00 to 18:00 on all weekdays, with chairs A1, A2, …"""
    number = next(_numbers)
    organization = fields.pop("organization", None) or Organization.objects.create(name=f"Organization {number}")
    clinic = Clinic.objects.create(
        organization=organization,
        name=fields.pop("name", f"Clinic {number}"),
        public_name="Lakeside Clinic",
        time_zone=time_zone,
        phone="+1 312 555 0100",
        address="40 Harbor Road, Chicago",
        **fields,
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=weekday, opens=time(7), closes=time(18)) for weekday in range(5)
    )
    Chair.objects.bulk_create(
        Chair(clinic=clinic, name=f"A{position}", position=position) for position in range(1, chairs + 1)
    )
    return clinic


def make_staff(clinic: Clinic, role: Role = Role.SCHEDULER, **fields: Any) -> User:
    """A staff member with one role at `clinic` and the password `PASSWORD`."""
    number = next(_numbers)
    user = User.objects.create_user(
        email=fields.pop("email", f"{role.value}{number}@example.org"),
        password=PASSWORD,
        name=fields.pop("name", f"{role.label} {number}"),
        **fields,
    )
    Membership.objects.create(user=user, clinic=clinic, role=role)
    return user


def actor(user: User) -> Actor:
    """`user` as an actor at their first clinic."""
    return actor_for(user, workplaces(user)[0], patient_id=patient_id_of(user))


def scheduler(clinic: Clinic) -> Actor:
    """A scheduler of `clinic` as an actor."""
    return actor(make_staff(clinic, Role.SCHEDULER))


def make_shifts(clinic: Clinic, first_on: date, *, days: int = 1, nurses: int = 4) -> None:
    """`nurses` on shift from 07:00 to 18:00 without lunch on each of `days`, and the capacity that follows."""
    people = [make_staff(clinic, Role.NURSE) for _ in range(nurses)]
    for day in (first_on + timedelta(days=offset) for offset in range(days)):
        starts_at = clock.instant(day, time(7), clinic.zone)
        ends_at = clock.instant(day, time(18), clinic.zone)
        Shift.objects.bulk_create(
            Shift(clinic=clinic, nurse=person, starts_at=starts_at, ends_at=ends_at) for person in people
        )
    capacity.rebuild(clinic=clinic, first_on=first_on, last_on=first_on + timedelta(days=days - 1))


def make_patient(clinic: Clinic, *, signs_in: bool = False, **fields: Any) -> Patient:
    """An invented patient; with `signs_in` they also have a user with the patient role."""
    number = next(_numbers)
    email = fields.pop("email", f"patient{number}@example.org")
    user = None
    given, family = fields.pop("given_name", "Ada"), fields.pop("family_name", f"Quill{number}")
    if signs_in:
        user = User.objects.create_user(email=email, name=f"{given} {family}")
        Membership.objects.create(user=user, clinic=clinic, role=Role.PATIENT)
    return Patient.objects.create(
        organization=clinic.organization,
        clinic=clinic,
        user=user,
        record_number=fields.pop("record_number", f"MR{number:06d}"),
        given_name=given,
        family_name=family,
        birth_date=fields.pop("birth_date", date(1970, 5, 17)),
        email=email,
        phone=fields.pop("phone", "+1 312 555 0142"),
        email_consent_at=fields.pop("email_consent_at", datetime(2026, 1, 1, tzinfo=UTC)),
        **fields,
    )


def make_payer(clinic: Clinic, **fields: Any) -> Payer:
    fields.setdefault("name", f"Payer {next(_numbers)}")
    fields.setdefault("line_of_business", "state_regulated_commercial")
    return Payer.objects.create(organization=clinic.organization, **fields)


def make_product(**fields: Any) -> Product:
    """A product with a bare catalogue entry; use `load_catalogue` where the numbers matter."""
    fields.setdefault("id", "test_ig")
    product, _ = Product.objects.get_or_create(
        id=fields.pop("id"),
        defaults={
            "name": "Test IG 10 %",
            "is_immune_globulin": True,
            "board_name": "IVIG",
            "data": {},
            "catalogue_version": "test",
            **fields,
        },
    )
    return product


def make_order(patient: Patient, **fields: Any) -> TreatmentOrder:
    """An active order, 30 g every three weeks, without courses (see `make_course_day`)."""
    indication, _ = Indication.objects.get_or_create(id="CIDP", defaults={"name": "CIDP", "data": {}})
    values: dict[str, Any] = {
        "clinic": patient.clinic,
        "patient": patient,
        "product": fields.pop("product", None) or make_product(),
        "indication": indication,
        "icd10": "G61.81",
        "hcpcs": "J1569",
        "dose_basis": "g_per_kg",
        "dose_amount": Decimal("0.4"),
        "dosing_weight_kg": Decimal("75"),
        "interval_days": 21,
        "starts_on": date(2026, 1, 5),
        "prescriber_name": "Dr. Invented",
        "signed_on": date(2026, 1, 2),
        "status": OrderStatus.ACTIVE,
        "accepted_at": clock.now(),
        "created_at": clock.now(),
    }
    return TreatmentOrder.objects.create(**values | fields)


def make_course_day(
    order: TreatmentOrder, due_on: date, *, window: int = 7, units: int = 60, phases: list[dict[str, Any]] | None = None
) -> CourseDay:
    """The next course of `order`, of one day; two hours in the chair unless `phases` says otherwise."""
    course = Course.objects.create(
        order=order,
        number=order.courses.count() + 1,
        phase="maintenance",
        due_on=due_on,
        earliest_on=due_on - timedelta(days=window),
        latest_on=due_on + timedelta(days=window),
    )
    used: list[dict[str, Any]] = phases or PHASES
    return CourseDay.objects.create(
        course=course,
        day_number=1,
        due_on=due_on,
        dose_mg=Decimal(30_000),
        units=units,
        phases=used,
        chair_minutes=-(-sum(phase["minutes"] for phase in used) // 15) * 15,
    )


def make_authorization(order: TreatmentOrder, **fields: Any) -> Authorization:
    """An approved authorization of 600 units for `order`, valid for a year around its start."""
    payer = fields.pop("payer", None) or make_payer(order.clinic)
    coverage = Coverage.objects.create(
        patient=order.patient, payer=payer, member_id="M-1", starts_on=date(2025, 1, 1), verified_on=order.starts_on
    )
    values: dict[str, Any] = {
        "clinic": order.clinic,
        "patient": order.patient,
        "payer": payer,
        "coverage": coverage,
        "product": order.product,
        "order": order,
        "status": "approved",
        "reference": f"PA-{next(_numbers)}",
        "hcpcs": order.hcpcs,
        "unit_mg": Decimal(500),
        "units_requested": 600,
        "units_approved": 600,
        "starts_on": order.starts_on,
        "ends_on": order.starts_on + timedelta(days=364),
        "created_at": clock.now(),
    }
    return Authorization.objects.create(**values | fields)


def make_papers(order: TreatmentOrder, on: date) -> None:
    """What the gate asks of a patient before a visit on `on`: consent, weight, insurance checked, labs, REMS."""
    patient = order.patient
    TreatmentConsent.objects.get_or_create(
        patient=patient, signed_on=on - timedelta(days=30), defaults={"recorded_by_label": "Test"}
    )
    kg = order.measured_weight_kg or order.dosing_weight_kg
    WeightMeasurement.objects.get_or_create(patient=patient, measured_on=on, defaults={"kg": kg})
    Coverage.objects.filter(patient=patient).update(verified_on=on)
    for lab in order.labs_required:
        value = lab.get("low") or lab.get("high")
        LabResult.objects.create(
            patient=patient, code=lab["code"], taken_on=on, value=value, unit=lab.get("unit") or "", text="Normal"
        )
    if programme := programme_of(order.product):
        SafetyEnrolment.objects.create(
            patient=patient, programme=programme.code, enrolled_on=on, recorded_by_label="Test"
        )


def make_check(visit: Visit, **fields: Any) -> PreInfusionCheck:
    """The nurse's check at the start of a visit: the drug is here and the patient is well."""
    values: dict[str, Any] = {"at": visit.period.lower, "by_label": "Test nurse", "is_drug_on_hand": True}
    return PreInfusionCheck.objects.create(visit=visit, **values | fields)


def clear(visit: Visit) -> None:
    """Make a visit startable on its day: papers, the nurse's check, and an override for what else may be overridden."""
    on = visit.period.lower.astimezone(visit.clinic.zone).date()
    make_papers(visit.course_day.course.order, on)
    make_check(visit)
    for reason in clearances([visit], on_the_day=True)[visit.id].reasons:
        ClearanceOverride.objects.get_or_create(
            visit=visit,
            code=reason.code,
            service_on=on,
            sentence=reason.sentence[:300],
            defaults={"reason": "Test", "at": clock.now(), "by_label": "Test"},
        )
    gate.look([visit])


def at(day: date, hour: int, minute: int = 0, zone: str = "America/Chicago") -> datetime:
    """The instant of a wall-clock time."""
    return clock.instant(day, time(hour, minute), ZoneInfo(zone))
