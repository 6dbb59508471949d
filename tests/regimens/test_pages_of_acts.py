"""What people do with an order on its pages: correct, hold, release, end, renew it; its notices, history and paper."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from core import clock
from core.actor import Actor
from patients.models import Patient
from regimens.models import Course, OrderEvent, Reaction, TreatmentOrder
from regimens.services import holding, orders
from scheduling.models import StaffTask
from scheduling.presenters.order_words import why_due
from tests import factories
from tests.regimens.scenes import accepted, ivig, today
from tests.regimens.test_pages import entered, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def clinic() -> Clinic:
    return factories.make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return factories.make_patient(clinic, family_name="Novak", given_name="Mia")


@pytest.fixture
def by(clinic: Clinic) -> Actor:
    return factories.scheduler(clinic)


def to(name: str, order: TreatmentOrder) -> str:
    return reverse(f"scheduling:order-{name}", args=[order.id])


def shown(client: Client, order: TreatmentOrder) -> str:
    return client.get(reverse("scheduling:order", args=[order.id])).content.decode()


def react(order: TreatmentOrder, grade: int) -> None:
    Reaction.objects.create(
        patient=order.patient,
        order=order,
        product=order.product,
        kind="hives",
        grade=grade,
        occurred_at=clock.now(),
        recorded_at=clock.now(),
        recorded_by_label="T. Brook",
    )


# Correcting a draft


def test_a_draft_is_corrected_in_the_form_it_was_entered_with(clinic: Clinic, patient: Patient, by: Actor) -> None:
    draft = orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic, premedication="Paracetamol 1 g"))
    client = signed_in(clinic)
    form = client.get(to("edit", draft)).content.decode()
    assert 'name="dosing_weight_kg" value="80"' in form
    assert "Paracetamol 1 g" in form
    answer = client.post(to("edit", draft), entered(patient, action="save", dosing_weight_kg="70", version="1"))
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.dosing_weight_kg, draft.version, draft.status) == (Decimal("70.0"), 2, "draft")
    assert OrderEvent.objects.filter(order=draft, kind="changed").count() == 1
    assert AuditEvent.objects.filter(action="order.change", entity_id=str(draft.id)).count() == 1


def test_saving_a_draft_as_it_is_changes_nothing(clinic: Clinic, patient: Patient, by: Actor) -> None:
    client = signed_in(clinic)
    client.post(reverse("scheduling:order-new"), entered(patient, action="save"))
    draft = TreatmentOrder.objects.get()
    client.post(to("edit", draft), entered(patient, action="save", version="1"))
    draft.refresh_from_db()
    assert draft.version == 1
    assert not OrderEvent.objects.filter(order=draft, kind="changed").exists()


def test_two_people_cannot_correct_one_draft_over_each_other(clinic: Clinic, patient: Patient, by: Actor) -> None:
    draft = orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic))
    client = signed_in(clinic)
    client.post(to("edit", draft), entered(patient, action="save", dosing_weight_kg="70", version="1"))
    late = client.post(to("edit", draft), entered(patient, action="save", dosing_weight_kg="90", version="1"))
    assert late.status_code == 409
    assert "Somebody changed this draft meanwhile." in late.content.decode()
    assert 'value="90"' in late.content.decode()
    draft.refresh_from_db()
    assert draft.dosing_weight_kg == Decimal("70.0")


def test_a_corrected_draft_is_accepted_in_one_act_or_not_changed(clinic: Clinic, patient: Patient, by: Actor) -> None:
    draft = orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic))
    client = signed_in(clinic)
    wrong = {"product": "yimmugo", "indication": "PI", "icd10": "D83.9", "hcpcs": "J1553"}
    assert client.post(to("edit", draft), entered(patient, action="accept", version="1", **wrong)).status_code == 422
    draft.refresh_from_db()
    assert draft.product_id == "gammagard_liquid"
    assert client.post(to("edit", draft), entered(patient, action="accept", version="1")).status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.courses.count()) == ("active", 18)
    again = client.post(to("edit", draft), entered(patient, action="save", version=str(draft.version)))
    assert again.status_code == 409
    assert "End it or renew it" in again.content.decode()


def test_tests_asked_for_are_kept_with_their_source(clinic: Clinic, patient: Patient) -> None:
    asked = {"lab_creatinine": "on", "lab_creatinine_days": "90", "lab_iga": "on", "lab_iga_low": "7"}
    signed_in(clinic).post(reverse("scheduling:order-new"), entered(patient, action="save", **asked))
    creatinine, iga = TreatmentOrder.objects.get().labs_required
    assert (creatinine["code"], creatinine["valid_days"], creatinine["confidence"]) == ("creatinine", 90, "K")
    assert (iga["low"], iga["source"]) == ("7", "this order")


# Hold, release, end, renew


def test_an_order_is_held_with_a_reason_and_released_with_a_note(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic))
    client = signed_in(clinic)
    nothing = client.post(to("hold", order), {"reason": ""})
    assert nothing.status_code == 422
    assert "There is a problem" in nothing.content.decode()
    assert client.post(to("hold", order), {"reason": "Kidney values"}).status_code == 302
    page = shown(client, order)
    for words in ("On hold.", "Kidney values.", "Put on hold: Kidney values", "Nothing of it is given until"):
        assert words in page
    assert "/find/?course_day=" not in page
    assert client.post(to("release", order), {"note": "Values are back to normal"}).status_code == 302
    assert "Released: Values are back to normal" in shown(client, order)


def test_after_a_grave_reaction_only_a_prescriber_releases(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic))
    react(order, 3)
    holding.hold(order=order, reason="Reaction of grade 3", by=by)
    assert signed_in(clinic).post(to("release", order), {"note": "Go on"}).status_code == 403
    assert signed_in(clinic, Role.MANAGER).post(to("release", order), {"note": "Go on"}).status_code == 403
    prescriber = signed_in(clinic, Role.PRESCRIBER)
    assert prescriber.post(to("release", order), {"note": "Slower ramp, steroid before"}).status_code == 302
    order.refresh_from_db()
    assert order.status == "active"


def test_an_order_ends_on_a_date_for_a_reason(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic, starts_on=today(clinic)))
    client = signed_in(clinic)
    later = {"on": (today(clinic) + timedelta(days=9)).isoformat(), "reason": "Moved away"}
    refused = client.post(to("end", order), later | {"on": (today(clinic) - timedelta(days=9)).isoformat()})
    assert refused.status_code == 422
    assert "The end date is before the first course." in refused.content.decode()
    assert client.post(to("end", order), later).status_code == 302
    assert "Last date set: Moved away" in shown(client, order)
    assert client.post(to("end", order), later | {"on": today(clinic).isoformat()}).status_code == 302
    page = shown(client, order)
    assert "Ended: Moved away" in page
    assert "/find/?course_day=" not in page
    client.post(to("hold", order), {"reason": "Too late"})
    order.refresh_from_db()
    assert order.status == "ended"


def test_a_renewal_is_drafted_once_and_opens_for_checking(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic, ends_on=today(clinic) + timedelta(days=40)))
    client = signed_in(clinic)
    answer = client.post(to("renew", order))
    draft = TreatmentOrder.objects.get(renews=order)
    assert answer.headers["Location"] == to("edit", draft)
    assert (draft.signed_on, client.get(to("edit", draft)).context["form"]["signed_on"].value()) == (None, "")
    assert "not signed yet" in shown(client, draft)
    assert "Enter the day on which the prescriber signed this order." in shown(client, draft)
    assert "Renewal drafted." in shown(client, order)
    assert "Renews an earlier order." in shown(client, draft)
    assert "Renewal drafted" in client.get(reverse("scheduling:orders"), {"show": "ending"}).content.decode()
    assert client.post(to("renew", order)).status_code == 409


@pytest.mark.parametrize("name", ["hold", "release", "end", "renew", "extend", "accept"])
def test_acts_are_posts_of_people_who_may(name: str, clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic))
    assert signed_in(clinic).get(to(name, order)).status_code == 405
    auditor = signed_in(clinic, Role.AUDITOR)
    said = {"reason": "x", "note": "x", "on": today(clinic).isoformat()}
    assert auditor.post(to(name, order), said).status_code in {403, 409}
    order.refresh_from_db()
    assert order.status == "active"
    stranger = signed_in(factories.make_clinic(), Role.MANAGER)
    assert stranger.post(to(name, order), said).status_code == 404


# What the page says


def test_a_changed_weight_is_never_silent(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic))
    client = signed_in(clinic)
    for kg, is_said in (("88", False), ("71.9", True), ("88.1", True)):
        patient.weights.all().delete()
        patient.weights.create(measured_on=today(clinic), kg=Decimal(kg))
        assert ("Weight changed by more than 10 %" in shown(client, order)) is is_said


def test_an_adjusted_weight_is_compared_with_the_weight_measured(clinic: Clinic, patient: Patient, by: Actor) -> None:
    Patient.objects.filter(pk=patient.pk).update(sex="male", height_cm=175)
    patient.refresh_from_db()
    facts = ivig(clinic, weight_basis="adjusted", dosing_weight_kg=Decimal("86.3"), measured_weight_kg=Decimal(110))
    order = accepted(patient, by, facts)
    weight = patient.weights.create(measured_on=today(clinic), kg=Decimal(112))
    assert "Weight changed" not in shown(signed_in(clinic), order)
    weight.kg = Decimal(98)
    weight.save()
    assert "11 % lost since the order: 110.0 kg then, 98.0 kg" in shown(signed_in(clinic), order)


def test_open_changes_of_booked_courses_lead_to_their_page(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic))
    assert "Changes to approve" not in shown(signed_in(clinic), order)
    StaffTask.objects.create(
        clinic=clinic, kind="plan", text="Look", order=order, dedupe_key="plan:1", created_at=clock.now()
    )
    assert f"/orders/{order.id}/plan/" in shown(signed_in(clinic), order)


def test_everything_that_was_ordered_is_on_the_page(clinic: Clinic, patient: Patient, by: Actor) -> None:
    lab = {"code": "creatinine", "name": "Creatinine", "valid_days": 30, "low": None, "high": "1.5", "unit": "mg/dL"}
    facts = ivig(
        clinic,
        may_substitute=True,
        max_dose_mg=Decimal(90000),
        premedication="Cetirizine 10 mg",
        hydration="500 mL saline",
        hydration_minutes=45,
        observation_minutes=40,
        titration="first",
        max_rate_ml_per_kg_per_hour=Decimal("2.4"),
        labs_required=({**lab, "is_minor": False, "source": "this order", "confidence": ""},),
        instructions="Left arm only",
        prescriber_npi="1234567893",
    )
    page = shown(signed_in(clinic), accepted(patient, by, facts))
    for words in (
        "the pharmacist may substitute",
        "1 g/kg for 80 kg, at most 90 g, in all, over 2 days",
        "Cetirizine 10 mg",
        "500 mL saline (45 minutes)",
        "40 minutes",
        "always the slow first ramp, never above 2.4 mL/kg/h for this patient",
        "Creatinine (at most 1.5 mg/dL, valid 30 days)",
        "Left arm only",
        "Dr. Invented, NPI 1234567893",
        "Entered as a draft",
        "Accepted",
    ):
        assert words in page


MONDAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("course", "policy", "given_on", "sentence"),
    [
        (("calendar", 21, 0, 21), "hybrid", None, "3 weeks after course 1 is due (Mon 2 Nov)."),
        (("calendar", 21, 0, 21), "hybrid", 0, "3 weeks after course 1 was given (Mon 2 Nov)."),
        (
            ("calendar", 21, 0, 21),
            "hybrid",
            2,
            "Course 1 was given 2 days late; inside the window, so the calendar stands: 3 weeks after Mon 2 Nov.",
        ),
        (
            ("calendar", 21, 0, 21),
            "original",
            9,
            "Course 1 was given 9 days late; the original calendar stands: 3 weeks after Mon 2 Nov.",
        ),
        (
            ("from_given", 30, 9, 30),
            "hybrid",
            9,
            "3 weeks after the dose of Wed 11 Nov, which was outside its window.",
        ),
        (("from_given", 22, 1, 22), "actual", 1, "The order counts from the dose given: 3 weeks after Tue 3 Nov."),
        (
            ("minimum_interval", 23, 0, 21),
            "original",
            9,
            "No sooner than 14 days after the dose of Wed 11 Nov; the calendar says Mon 23 Nov.",
        ),
        (
            ("payer_interval", 30, 0, 21),
            "original",
            9,
            "The payer pays no sooner than 21 days after the dose of Wed 11 Nov.",
        ),
        (("induction", 14, 0, 14), "hybrid", None, "Induction: 2 weeks after course 1 is due (Mon 2 Nov)."),
        (("", 21, None, None), "hybrid", None, "3 weeks after course 1 is due (Mon 2 Nov)."),
    ],
)
def test_a_date_says_why_it_is_that_date(
    course: tuple[str, int, int | None, int | None], policy: str, given_on: int | None, sentence: str
) -> None:
    why, due, counted, planned = course

    def on(days: int | None) -> date | None:
        return None if days is None else MONDAY + timedelta(days=days)

    phase = "induction" if why == "induction" else "maintenance"
    first = Course(number=1, due_on=MONDAY, phase=phase)
    second = Course(number=2, due_on=MONDAY + timedelta(days=due), phase=phase, why=why)
    second.counted_from_on, second.planned_on = on(counted), on(planned)
    order = TreatmentOrder(late_dose_policy=policy)
    assert why_due(order, first, None, None) == "The first course: the day the order starts."
    assert why_due(order, second, first, on(given_on)) == sentence
