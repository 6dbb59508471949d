"""What the filling leaves to the real services: patients ask and confirm, the desk works, the sweeps write what is due.

These run on the saved clinic, one transaction each, so a demo that fills also proves that they work on it.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from django.db.models import QuerySet

from accounts.models import User
from accounts.queries import actor_for, workplaces
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization
from authorizations.services import follow_ups, sweep, work
from core import clock
from core.actor import Actor
from messaging.models import OutboxMessage
from patients.models import Patient
from regimens.models import TreatmentOrder
from regimens.queries import catalogue
from regimens.queries.renewals import renewals_due
from regimens.services import orders, renewal
from scheduling.demo.diary import Booking, Outcome
from scheduling.demo.house import House, SignIn
from scheduling.demo.moments import moment
from scheduling.demo.reacting import react_some
from scheduling.demo.stage import Say, Stage
from scheduling.demo.waiting import let_wait
from scheduling.domain.move_wishes import MoveWish
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.queries.requests import offered_half_days
from scheduling.services import flow, gate, reminders, requests

WISHES = (
    (MoveWish.OTHER_DAYS, "My mother has an appointment that day.", timedelta(hours=15)),
    (MoveWish.LATER, "", timedelta(hours=2)),
    (MoveWish.EARLIER, "I start work at noon now.", timedelta(minutes=35)),
    (MoveWish.CANCEL, "We are away that week. Can we skip to the week after?", timedelta(hours=19)),
)
"""What the patient wants, their note, and how long ago they asked."""


def finish(stage: Stage, house: House, bookings: Sequence[Booking], *, say: Say) -> list[SignIn]:
    """Run a handful of real flows, give staff their passphrases, and say who can sign in."""
    _give_passphrases(house)
    coming = _coming(stage, bookings)
    patients = _asking(stage, coming, say)
    _confirming(coming, say)
    let_wait(stage, house, bookings, by=actor(house.scheduler), manager=actor(house.manager), say=say)
    _desk_work(house, say)
    _referral(stage, house, say)
    react_some(stage, bookings, by=actor(house.nurses[0]), say=say)
    _renewal(stage, house, say)
    looked_at = gate.look(list(_soon(stage, house)))
    say(f"  {len(looked_at):6} visits of the next two weeks looked at by the clearance gate")
    written = reminders.sweep(clinic=house.clinic).written
    told = sweep.sweep(clinic=house.clinic)
    say(f"  {written:6} reminders due in the next days, {told} messages to the authorization desk")
    say(f"  {OutboxMessage.objects.count():6} messages in all")
    return [*house.sign_ins, *_patient_sign_ins(stage, patients, coming)]


def actor(user: User) -> Actor:
    """`user` as an actor at their clinic."""
    patient = Patient.objects.filter(user=user).first()
    return actor_for(user, workplaces(user)[0], patient_id=patient.id if patient else None)


def _give_passphrases(house: House) -> None:
    for sign_in in house.sign_ins:
        sign_in.user.set_password(sign_in.password)
        sign_in.user.save(update_fields=["password"])


def _coming(stage: Stage, bookings: Iterable[Booking]) -> list[Booking]:
    """Next visits of patients who can sign in, some days ahead and still booked, the earliest first."""
    first: dict[object, Booking] = {}
    for booking in sorted(bookings, key=lambda each: each.place.start):
        if booking.outcome is Outcome.KEPT and booking.place.start > stage.now:
            first.setdefault(booking.prescription.patient.id, booking)
    span = (stage.today + timedelta(days=2), stage.today + timedelta(days=12))
    return [
        booking
        for booking in first.values()
        if booking.prescription.patient.user is not None
        and span[0] <= booking.on <= span[1]
        and booking.visit.status == VisitStatus.BOOKED
        and booking.visit.authorization is not None
    ]


def _fresh(booking: Booking) -> Visit:
    return Visit.objects.select_related("patient", "clinic", "chair__clinic", "authorization").get(pk=booking.visit.id)


def _asking(stage: Stage, coming: list[Booking], say: Say) -> list[Booking]:
    """Four patients ask to move or cancel; the bookings they asked about."""
    asked = [coming.pop(place) for place in (7, 5, 3, 1) if place < len(coming)]
    for booking, (wish, note, ago) in zip(asked, WISHES, strict=False):
        visit, user = _fresh(booking), booking.prescription.patient.user
        offered = [half.key for half in offered_half_days(visit)]
        half_days = stage.rng.sample(offered, k=min(2, len(offered))) if wish is MoveWish.OTHER_DAYS else []
        if user is not None:
            with moment(stage.now - ago):
                requests.ask(visit=visit, wish=wish.value, half_days=half_days, note=note, by=actor(user))
    say(f"  {len(asked):6} open requests to move a visit")
    return asked


def _confirming(coming: Sequence[Booking], say: Say) -> None:
    confirmed = [booking for booking in coming[2:5] if booking.prescription.patient.user]
    for booking in confirmed:
        user = booking.prescription.patient.user
        if user is not None:
            flow.confirm(visit=_fresh(booking), by=actor(user))
    say(f"  {len(confirmed):6} visits confirmed by patients just now")


def _desk_work(house: House, say: Say) -> None:
    """The desk sends what is ready and calls about what waits."""
    by = actor(house.desk)
    ready = Authorization.objects.filter(clinic=house.clinic, status=AuthorizationStatus.GATHERING_DOCUMENTS)
    sent = 0
    for authorization in ready.order_by("id")[:1]:
        moved = work.step(
            authorization=authorization,
            to=AuthorizationStatus.READY,
            text="The last note came by fax.",
            expected_version=authorization.version,
            by=by,
        )
        work.submit(authorization=moved, expected_version=moved.version, by=by)
        sent += 1
    waiting = Authorization.objects.filter(clinic=house.clinic, status=AuthorizationStatus.ACKNOWLEDGED)
    for authorization in waiting.order_by("id")[:1]:
        follow_ups.log_call(
            authorization=authorization,
            person="Provider line",
            text="In review; they ask for patience until tomorrow.",
            call_reference="C48213",
            expected_version=authorization.version,
            by=by,
        )
    say(f"  {sent:6} request sent to a payer just now")


def _referral(stage: Stage, house: House, say: Say) -> None:
    """Two new orders wait as drafts for somebody to accept them."""
    by = actor(house.scheduler)
    product, indication = catalogue.product("vedolizumab"), catalogue.indication("CD")
    treated = TreatmentOrder.objects.filter(clinic=house.clinic, product_id="infliximab", indication=indication)
    for order in treated.select_related("patient").order_by("id")[:2]:
        usual = catalogue.suggestion(product, indication, weight_kg=order.dosing_weight_kg, on=stage.today)
        orders.enter(
            clinic=house.clinic,
            patient=order.patient,
            product=product,
            indication=indication,
            icd10=order.icd10,
            hcpcs=usual.hcpcs,
            dose_basis=usual.dose_basis,
            dose_amount=usual.dose_amount or Decimal(300),
            dosing_weight_kg=order.dosing_weight_kg,
            days_per_course=1,
            interval_days=usual.interval_days,
            induction_offsets_days=usual.induction_offsets_days,
            starts_on=stage.today + timedelta(days=21),
            signed_on=stage.today,
            prescriber_name=order.prescriber_name,
            prescriber_npi=order.prescriber_npi,
            by=by,
        )
    say("       2 new orders to accept")


def _renewal(stage: Stage, house: House, say: Say) -> None:
    """The order that ends soonest has its renewal drafted; the others wait for the desk."""
    ending = renewals_due(house.clinic, stage.today)
    for order in ending[:1]:
        renewal.renew(order=order.order, by=actor(house.scheduler))
    say(f"  {len(ending):6} orders end soon, one of them has its renewal drafted")


def _soon(stage: Stage, house: House) -> QuerySet[Visit]:
    start, _ = clock.day_bounds(stage.today, stage.zone)
    until = start + timedelta(days=15)
    return Visit.objects.for_clinic(house.clinic).filter(period__startswith__gte=start, period__startswith__lt=until)


def _patient_sign_ins(stage: Stage, asked: Sequence[Booking], coming: Sequence[Booking]) -> list[SignIn]:
    """One patient with a visit to confirm, and one who has asked to move theirs."""
    with_many = sorted(
        [*coming[:2], *coming[5:12]], key=lambda booking: (-len(_ahead(stage, booking)), booking.place.start)
    )
    chosen = [(with_many[:1], "has a visit to confirm"), (asked[:1], "asked to move a visit")]
    found = []
    for bookings, note in chosen:
        for booking in bookings:
            patient = booking.prescription.patient
            if patient.user is not None:
                born = f"{patient.birth_date:%-d %B %Y}"
                found.append(SignIn("Patient", patient.user, "", f"born {born}; the code is in the Outbox; {note}"))
    return found


def _ahead(stage: Stage, booking: Booking) -> list[Visit]:
    return [visit for visit in booking.prescription.visits if visit.period.lower > stage.now]
