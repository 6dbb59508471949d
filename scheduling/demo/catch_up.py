"""Moves the demo clinic on to the clock's today: plays what happened meanwhile, and keeps twelve weeks booked ahead.

It works on whatever people did in the demo, through the real services at the moments at which things happened, and may
be run twice: what was played is not played again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from authorizations.services import sweep
from core import clock
from core.actor import Actor, system
from core.errors import Refusal
from scheduling.demo import ahead, chairside, play
from scheduling.demo.clearing import Team, clear
from scheduling.demo.fill import SEED
from scheduling.demo.finish import actor
from scheduling.demo.given import keep_record
from scheduling.demo.moments import moment
from scheduling.demo.play import S, Step, Timing
from scheduling.demo.stage import Say, Stage, silent
from scheduling.demo.today import Actor as Player
from scheduling.demo.today import stage_the_morning
from scheduling.domain.statuses import EXPECTED, FINISHED, IN_CHAIR, VisitStatus
from scheduling.models import Visit
from scheduling.services import flow, holds, offers, reminders, waitlist

NO_SHOW_CHANCE, LEAVES_CHANCE, CONFIRMS_CHANCE = 0.035, 0.012, 0.75
DEMO = system("Demo")
UNDER_WAY = (*EXPECTED, S.ARRIVED, *IN_CHAIR)
RECORDED = frozenset({S.COMPLETED, S.LEFT_EARLY})
PLACES = ("patient", "chair__clinic", "clinic", "authorization", "course_day__course__order__patient")


def catch_up(*, say: Say = silent) -> None:
    """Bring every clinic of the demo to now."""
    for clinic in Clinic.objects.select_related("organization").order_by("id"):
        _Clinic(clinic, say).move_on()


class _Clinic:
    """One clinic being moved on."""

    def __init__(self, clinic: Clinic, say: Say) -> None:
        self.clinic, self.say = clinic, say
        self.stage = Stage(clock.now().replace(microsecond=0), SEED, clinic.zone)
        self.today = self.stage.today
        self.rng = Random(f"{SEED} {self.today}")  # noqa: S311 (invented people, not secrets)
        people = User.objects.filter(memberships__clinic=clinic)
        self.nurses = list(people.filter(memberships__role=Role.NURSE).order_by("name"))
        self.scheduler = actor(people.filter(memberships__role=Role.SCHEDULER).order_by("name")[0])
        self.acting = {nurse.id: actor(nurse) for nurse in self.nurses}
        self.manager = actor(people.filter(memberships__role=Role.MANAGER).order_by("name")[0])
        self.prescriber = actor(people.filter(memberships__role=Role.PRESCRIBER).order_by("name")[0])
        self.turned_away: set[object] = set()

    def move_on(self) -> None:
        ended = holds.expire(by=DEMO) + offers.expire(by=DEMO) + waitlist.sweep(by=DEMO)
        self.say(f"  {ended:6} holds, offers and wishes have run out")
        opened = ahead.extend_rota(self.stage, self.clinic, self.nurses)
        self.say(f"  {opened:6} days added to the rota")
        begins, _ = clock.day_bounds(self.today, self.clinic.zone)
        past = self._visits(status__in=UNDER_WAY, period__startswith__lt=begins)
        steps = [(visit, step) for visit in past for step in self._rest_of(visit)]
        self.say(f"  {self._run(steps):6} steps of {len(past)} visits of the days before")
        pulled = ahead.fill_empty_day(self.stage, self.clinic, by=self.scheduler)
        self.say(f"  {pulled:6} visits moved to today, which was empty")
        self.say(f"  {ahead.book_ahead(self.stage, self.clinic, by=self.scheduler):6} visits booked ahead")
        self.say(f"  {self._confirm():6} visits confirmed")
        self.say(f"  {self._morning(begins):6} steps of this morning")
        today = self._visits(period__startswith__gte=begins, status__in=IN_CHAIR)
        self.say(f"  {chairside.keep_up(today, self.stage.now):6} sets of vital signs")
        reminders.sweep(clinic=self.clinic)
        sweep.sweep(clinic=self.clinic)

    def _visits(self, **facts: object) -> list[Visit]:
        return list(Visit.objects.for_clinic(self.clinic).filter(**facts).select_related(*PLACES).order_by("period"))

    def _rest_of(self, visit: Visit) -> list[Step]:
        """What happened to a visit after the moment at which the demo was left."""
        timing = _timing(visit)
        if visit.status in EXPECTED and self.rng.random() < NO_SHOW_CHANCE:
            return [play.no_show_at(timing.start, self.rng)]
        steps = play.kept(timing, self.rng, leaves_early=self.rng.random() < LEAVES_CHANCE)
        return _after(steps, visit)

    def _morning(self, begins: datetime) -> int:
        """Play today up to now, once."""
        visits = self._visits(period__startswith__gte=begins, period__startswith__lt=begins + timedelta(days=1))
        if any(visit.status not in (*EXPECTED, S.CANCELLED, S.HELD) for visit in visits):
            return 0
        coming = {str(visit.id): visit for visit in visits if visit.status in EXPECTED}
        players = [Player(key, _timing(visit), not visit.overrides) for key, visit in coming.items()]
        stage_the_morning(players, self.stage.now, self.rng)
        return self._run([(coming[each.key], step) for each in players for step in each.steps or []])

    def _run(self, steps: Iterable[tuple[Visit, Step]]) -> int:
        """Take the steps in the order in which they happened; how many were legal."""
        latest: dict[object, Visit] = {}
        done = 0
        for visit, step in sorted(steps, key=lambda pair: (pair[1].at, str(pair[0].id))):
            nurse = self.rng.choice(self.nurses)
            if visit.id in self.turned_away:
                continue
            try:
                with moment(step.at):
                    latest[visit.id] = self._step(latest.get(visit.id, visit), step, nurse)
                done += 1
            except Refusal as refusal:
                self.say(f"         {refusal.sentence}")
        return done

    def _step(self, visit: Visit, step: Step, nurse: User) -> Visit:
        if step.to is S.SEATED and visit.nurse_id is None:
            Visit.objects.filter(pk=visit.pk).update(nurse=nurse)
        by = self.acting.get(visit.nurse_id or nurse.id) or self.acting[nurse.id]
        if step.to is S.INFUSING:
            cleared = clear(visit, Team(by, self.manager, self.prescriber), self.rng)
            if cleared is None:
                return self._turn_away(visit, by)
            visit = cleared
        done = flow.advance(visit=visit, to=step.to, expected_version=visit.version, by=by)
        if step.to in RECORDED:
            keep_record(done, by=by)
        return done

    def _turn_away(self, visit: Visit, by: Actor) -> Visit:
        """What holds the visit is for nobody here to mend: the patient goes home."""
        self.turned_away.add(visit.id)
        current = Visit.objects.select_related(*PLACES).get(pk=visit.pk)
        return flow.advance(
            visit=current, to=S.LEFT_EARLY, expected_version=current.version, by=by, reason="Not cleared to start."
        )

    def _confirm(self) -> int:
        """Most visits of today and the next three days are confirmed by now."""
        since = self.stage.now - timedelta(hours=16)
        until = self.stage.now + timedelta(days=3)
        confirmed = 0
        for visit in self._visits(status=S.BOOKED, period__startswith__gt=since, period__startswith__lt=until):
            if Random(str(visit.id)).random() < CONFIRMS_CHANCE and visit.created_at < since:  # noqa: S311
                with moment(since):
                    flow.confirm(visit=visit, by=self.scheduler)
                confirmed += 1
        return confirmed


def _timing(visit: Visit) -> Timing:
    return Timing.of(visit.period.lower, visit.period.upper, visit.course_day.phases)


def _after(steps: Sequence[Step], visit: Visit) -> list[Step]:
    """The steps that come after the status the visit has, none of them before its last stamp."""
    order = [VisitStatus.BOOKED, VisitStatus.CONFIRMED, S.ARRIVED, S.SEATED, S.INFUSING, S.OBSERVING, *sorted(FINISHED)]
    reached = order.index(VisitStatus(visit.status))
    stamps = [getattr(visit, name) for name in set(play.STAMPS.values()) if getattr(visit, name)]
    at_least = max(stamps, default=visit.period.lower)
    left = [step for step in steps if order.index(step.to) > reached]
    return [
        Step(step.to, max(step.at, at_least + timedelta(minutes=2 * place))) for place, step in enumerate(left, start=1)
    ]
