"""Fills an empty database with the demo clinic: planned in memory, written in bulk, finished by the real services."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Clinic, Closure, Membership, OpeningHours, Organization, User
from audit.models import AuditEvent
from authorizations.models import Authorization, AuthorizationEvent, LedgerEntry
from messaging.models import OutboxMessage
from patients.domain.risks import Risk
from patients.models import (
    Coverage,
    DiaryEntry,
    LabResult,
    Patient,
    Payer,
    RiskFlag,
    TreatmentConsent,
    WeightMeasurement,
)
from regimens.models import (
    Administration,
    AdministrationLot,
    Course,
    CourseDay,
    ElsewhereTherapy,
    OrderEvent,
    RateChange,
    SafetyEnrolment,
    TreatmentOrder,
)
from scheduling.demo import chairside, elsewhere, given, insurance, letters, people, record
from scheduling.demo.desk import Case, Desk
from scheduling.demo.diary import Booking, Diary, Outcome
from scheduling.demo.finish import finish
from scheduling.demo.floor import Floor
from scheduling.demo.house import House, SignIn, build
from scheduling.demo.mix import ENDS_BY_ITSELF, MIX, Line
from scheduling.demo.past_requests import answer_some
from scheduling.demo.play import Step
from scheduling.demo.prescriptions import Calendar, Catalogue, Prescription, Since, Wish, load_catalogue, prescribe
from scheduling.demo.stage import Rows, Say, Stage, silent
from scheduling.demo.today import Actor, stage_the_morning
from scheduling.demo.trail import Trail, timing_of
from scheduling.demo.units import settle
from scheduling.models import Chair, MoveRequest, PreInfusionCheck, Shift, StaffTask, Visit, VisitEvent, VitalsCheck
from scheduling.services import capacity
from scheduling.services.opening import add_load_weights

SEED = 2026
DUE_TODAY = 52
OTHERS_TODAY = 22
"""Of those due today: how many get other drugs than immune globulin, most of them short."""
STARTERS = 20
PRIVATE_ROOMS = 9
SHORT_INFUSION = 60
LONG_TIMES = tuple(time(*at) for at in ((7, 0), (11, 30), (8, 0), (14, 15), (7, 15), (10, 45), (8, 30), (12, 0)))
LONG_TIMES += tuple(time(*at) for at in ((9, 0), (14, 30), (7, 30), (11, 0), (8, 15), (7, 45), (12, 30)))
SHORT_TIMES = tuple(time(*at) for at in ((7, 0), (10, 0), (8, 15), (10, 30), (7, 0), (10, 45), (8, 0), (12, 0)))
SHORT_TIMES += tuple(time(*at) for at in ((9, 0), (15, 0), (7, 30), (16, 15), (10, 0), (16, 45)))
"""When those due today like to come: long infusions begin early or after noon, short ones fill in."""
LOOSE_ENDS = 12
OVERLOADS = 2

HOUSE = (Organization, Clinic, OpeningHours, Closure, Chair, User, Membership, Shift)
RECORDS = (Payer, Patient, Coverage, WeightMeasurement, LabResult, RiskFlag, TreatmentOrder, Course, CourseDay)
ON_FILE = (TreatmentConsent, SafetyEnrolment, ElsewhereTherapy, DiaryEntry, OrderEvent)
GIVEN = (Administration, AdministrationLot, RateChange, PreInfusionCheck, VitalsCheck)
PAPERS = (Authorization, AuthorizationEvent, Visit, VisitEvent, LedgerEntry)
REST = (MoveRequest, StaffTask, OutboxMessage, AuditEvent)


@dataclass
class Plan:
    """The whole clinic, unsaved."""

    stage: Stage
    house: House
    prescriptions: list[Prescription]
    bookings: list[Booking]
    surprise: Prescription | None

    @property
    def rows(self) -> Rows:
        return self.stage.rows

    def today(self) -> list[Visit]:
        """Today's visits."""
        return [booking.visit for booking in self.bookings if booking.on == self.stage.today]


def plan(*, now: datetime, catalogue: Catalogue, seed: int = SEED) -> Plan:
    """The clinic as it stands at `now`. The same seed, moment and catalogue give the same rows."""
    stage = Stage(now.replace(microsecond=0), seed)
    stage.rows.promise(*HOUSE, *RECORDS, *ON_FILE, *PAPERS, *GIVEN, *REST)
    house = build(stage)
    floor = Floor(stage, house)
    diary = Diary(stage, house, floor, capacity.default_weights()["weights"])
    prescriptions = _prescriptions(stage, house, catalogue)
    for prescription in sorted(prescriptions, key=_packing):
        diary.follow(prescription)
    _crowd_today(stage, house, floor, diary.bookings)
    diary.bookings.sort(
        key=lambda booking: (booking.visit.is_over_capacity, booking.place.start, booking.place.chair.name)
    )
    _play(stage, house, diary.bookings)
    surprise = _paper(stage, house, prescriptions, diary.bookings)
    answer_some(stage, house, diary.bookings)
    letters.send(stage, house, diary.bookings)
    given.write(stage, diary.bookings)
    record.complete(stage, house, prescriptions)
    chairside.write(stage, diary.bookings)
    return Plan(stage, house, prescriptions, diary.bookings, surprise)


def _packing(prescription: Prescription) -> tuple[bool, int]:
    """Those due today come first: the short ones at their times, then the long ones around them."""
    minutes = prescription.usual_infusion_minutes
    return not prescription.is_due_today, -1_000 if minutes <= SHORT_INFUSION else -minutes


def fill(*, now: datetime, say: Say = silent, seed: int = SEED) -> list[SignIn]:
    """Write the demo clinic; who can sign in. The drug catalogue must be loaded."""
    planned = plan(now=now, catalogue=load_catalogue(), seed=seed)
    say(f"Planned {len(planned.prescriptions)} patients and {len(planned.bookings)} visits.")
    house, rows = planned.house, planned.rows
    with transaction.atomic():
        rows.save(HOUSE, say=say)
        add_load_weights(house.clinic)
        quarters = capacity.rebuild(
            clinic=house.clinic, first_on=planned.stage.first_on, last_on=planned.stage.rota_until
        )
        say(f"  {quarters:6} quarter hours of nurses' time")
        rows.save([*RECORDS, *ON_FILE, *PAPERS, *GIVEN, *REST], say=say)
    sign_ins = finish(planned.stage, house, planned.bookings, say=say)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return sign_ins


def _prescriptions(stage: Stage, house: House, catalogue: Catalogue) -> list[Prescription]:
    payers, registry, calendar = insurance.insurers(stage, house), people.Registry(), Calendar(stage, house)
    wishes = list(_wishes(stage))
    made: list[Prescription] = []
    for wish in wishes:
        patient = people.admit(stage, house, wish.line, registry)
        weight_kg = people.weigh(stage, patient)
        risks = people.flag(stage, patient)
        people.test(stage, patient, wish.line.indication, has_weak_kidneys=Risk.RENAL in risks)
        made.append(
            prescribe(
                stage,
                house,
                catalogue,
                calendar,
                wish=wish,
                patient=patient,
                payer=insurance.insure(stage, patient, payers),
                weight_kg=weight_kg,
                risks=risks,
            )
        )
    here = [each for each in made if each.is_due_today]
    for is_long, times in ((True, LONG_TIMES), (False, SHORT_TIMES)):
        liked = cycle(times)
        for each in here:
            if (each.usual_infusion_minutes > SHORT_INFUSION) is is_long:
                each.patient.prefers_time = next(liked)
    for each in stage.rng.sample(made, k=PRIVATE_ROOMS):
        each.patient.needs_private_room = True
    regular = [each for each in made if each.since is Since.LONG and not each.is_due_today]
    for each in stage.rng.sample(regular, k=LOOSE_ENDS * 3):
        each.has_loose_end = True
    return made


def _wishes(stage: Stage) -> Iterator[Wish]:
    """One wish for each patient: most have come for long, some began lately, some begin soon."""
    lines: list[Line] = [line for line in MIX for _ in range(line.count)]
    stage.rng.shuffle(lines)
    short = [line for line in lines if line.products[0] in ENDS_BY_ITSELF]
    others = [line for line in lines if not line.doses and line not in short]
    today = others[:OTHERS_TODAY] + [line for line in lines if line.doses][: DUE_TODAY - OTHERS_TODAY]
    for line in today:
        yield Wish(line, Since.LONG, is_due_today=True)
    rest = _without(lines, [*today, *short])
    for place, line in enumerate(rest):
        lately = Since.LATELY if stage.happens(0.09) else Since.LONG
        yield Wish(line, Since.SOON if place < STARTERS else lately)
    for line in short:
        yield Wish(line, Since.LATELY)


def _without(lines: Sequence[Line], used: Sequence[Line]) -> list[Line]:
    left = Counter(lines)
    left.subtract(used)
    return [line for line in lines if left[line] > 0 and not left.subtract([line])]


def _crowd_today(stage: Stage, house: House, floor: Floor, bookings: Sequence[Booking]) -> None:
    """Book one or two of today's visits over the nurses' capacity, as somebody with a good reason would."""
    noon = stage.now + timedelta(minutes=60)
    today = [b for b in bookings if b.on == stage.today and b.place.start >= noon and b.outcome is Outcome.KEPT]
    done = 0
    for booking in today:
        if done == OVERLOADS or not 4 <= booking.wanted.load.quarters <= 12:
            continue
        place = floor.crowd(booking.place, booking.wanted, not_before=noon)
        if place is None:
            continue
        done += 1
        visit = booking.visit
        length = visit.period.upper - visit.period.lower
        booking.place, visit.chair = place, place.chair
        visit.period = type(visit.period)(place.start, place.start + length, "[)")
        visit.is_over_capacity = True
        at, load, nurses = floor.peak(place, booking.wanted)
        sentence = (
            f"Nurse load would reach {load / 100:.1f} of {nurses / 100:.0f} nurses on shift at "
            f"{at.astimezone(stage.zone):%H:%M}."
        )
        reason = "The charge nurse takes this patient herself."
        visit.overrides = [{"code": "nurse_load", "sentence": sentence, "reason": reason, "by": house.scheduler.name}]


def _play(stage: Stage, house: House, bookings: Sequence[Booking]) -> None:
    """Let every visit happen as far as it has."""
    trail = Trail(stage, house)
    actors = {
        booking.visit.id: Actor(str(booking.visit.id), timing_of(booking), not booking.visit.overrides)
        for booking in bookings
        if booking.on == stage.today and booking.outcome is Outcome.KEPT
    }
    stage_the_morning(list(actors.values()), stage.now, stage.rng)
    for booking in bookings:
        actor = actors.get(booking.visit.id)
        trail.write(booking, trail.steps_of(booking) if actor is None else _steps_today(trail, booking, actor))
        is_regular = booking.visit.ended_at is not None and booking.day.day_number == 1
        if is_regular and booking.on < stage.today and stage.happens(0.8):
            weight = booking.prescription.facts.dosing_weight_kg
            people.weigh_at_visit(stage, booking.prescription.patient, booking.on, weight)
    trail.react(bookings)


def _steps_today(trail: Trail, booking: Booking, actor: Actor) -> list[Step]:
    return [*trail.confirmation(booking), *(actor.steps or [])]


def _paper(
    stage: Stage, house: House, prescriptions: Sequence[Prescription], bookings: Sequence[Booking]
) -> Prescription | None:
    """Authorizations, and the units of every visit."""
    by_order: dict[UUID, list[Booking]] = defaultdict(list)
    for booking in sorted(bookings, key=lambda each: each.place.start):
        by_order[booking.prescription.order.id].append(booking)
    plans = {plan.patient_id: plan for plan in stage.rows.of(Coverage) if plan.ends_on is None}
    cases = [Case(each, plans[each.patient.id], by_order[each.order.id]) for each in prescriptions]
    desk = Desk(stage, house)
    desk.work(cases)
    for case in cases:
        key = id(case.prescription)
        if case.prescription.payer.needs_authorization and key not in desk.not_required:
            settle(stage, desk.papers.get(key, []), case.bookings, by=house.scheduler.name)
    desk.spring_the_surprise()
    elsewhere.name_the_site(stage, house)
    elsewhere.move_one(stage, house, bookings)
    return desk.surprise


def visits_by_day(bookings: Sequence[Booking]) -> dict[date, int]:
    """How many visits each day has, cancelled ones left out."""
    found: dict[date, int] = defaultdict(int)
    for booking in bookings:
        if booking.outcome is not Outcome.CANCELLED:
            found[booking.on] += 1
    return dict(found)
