"""Every change of the set-up names the visits that it touches, before anything is saved, each with a link."""

import re
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.test import Client

from accounts.domain.policy import Role
from accounts.models import User
from core.actor import Actor
from core.sourced import Confidence
from patients.domain.risks import Risk
from patients.models import RiskFlag
from scheduling.domain.load import LoadPhase
from scheduling.domain.skills import Skill
from scheduling.models import Chair, ChairKind, NurseSkill, Shift, StaffTask, Visit
from scheduling.presenters.setup import breaks_view
from scheduling.services import booking, outages, setup_acts, setup_calendar, setup_chairs, setup_rules, setup_shifts
from scheduling.services.booking import Override
from scheduling.services.setup_acts import Breaks
from scheduling.services.setup_chairs import ChairFacts
from scheduling.services.setup_rules import RuleFacts
from scheduling.services.setup_shifts import ShiftFacts
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.setup.test_setup_acts import WEEKDAYS
from tests.scheduling.test_storm import UNCOVERED

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(world: World) -> Actor:
    return factories.actor(factories.make_staff(world.clinic, Role.MANAGER))


@pytest.fixture
def boss(world: World) -> Client:
    client = Client()
    client.force_login(
        factories.make_staff(world.clinic, Role.MANAGER),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def book(world: World, hour: int, minute: int = 0, *, chair: int = 0, override: Override = UNCOVERED) -> Visit:
    """Somebody's visit on Tuesday; another patient's is next."""
    visit = booking.book(
        course_day=world.course_day,
        chair=world.chairs[chair],
        start=at(TUESDAY, hour, minute),
        by=world.scheduler,
        override=override,
    )
    world.course_day = world.another_day()
    return visit


def look(world: World, act: Callable[[], object]) -> Breaks:
    return setup_acts.preview(clinic=world.clinic, act=act)


def hard(breaks: Breaks) -> list[tuple[Visit, str]]:
    return [(trouble.visit, trouble.code) for trouble in breaks.troubles]


def soft(breaks: Breaks) -> list[tuple[Visit, str]]:
    return [(trouble.visit, trouble.code) for trouble in breaks.soft]


def tuesday_shifts(world: World) -> list[Shift]:
    found = Shift.objects.filter(clinic=world.clinic, starts_at=at(TUESDAY, 7)).select_related("clinic", "nurse")
    return list(found.order_by("id"))


def facts(shift: Shift, *, ends: time = time(17, 30), lunch: tuple[time, time] | None = None) -> ShiftFacts:
    return ShiftFacts(
        nurse_id=shift.nurse_id,
        on=TUESDAY,
        starts=time(7),
        ends=ends,
        lunch_starts=lunch[0] if lunch else None,
        lunch_ends=lunch[1] if lunch else None,
    )


def test_narrower_hours_name_the_visit_that_reaches_past_them(world: World, manager: Actor) -> None:
    book(world, 9)
    late = book(world, 15)
    week = WEEKDAYS | {1: (time(7), time(16))}
    found = look(world, lambda: setup_calendar.save_hours(clinic=world.clinic, week=week, by=manager))
    assert hard(found) == [(late, "closed")]


def test_a_closure_names_everybody_of_that_day(world: World, manager: Actor) -> None:
    both = [book(world, 9), book(world, 13)]
    found = look(
        world, lambda: setup_calendar.close(clinic=world.clinic, on=TUESDAY, reason="Staff training", by=manager)
    )
    assert hard(found) == [(visit, "closed") for visit in both]


def test_a_chair_that_goes_or_changes_its_kind_names_who_needs_it(world: World, manager: Actor) -> None:
    visit = book(world, 9)
    found = look(world, lambda: setup_chairs.retire(chair=world.chairs[0], by=manager))
    assert hard(found) == [(visit, "chair_closed")]
    Chair.objects.filter(pk=world.chairs[1].pk).update(kind=ChairKind.PRIVATE_ROOM)
    world.chairs[1].refresh_from_db()
    world.course_day = world.another_day(needs_private_room=True)
    private = book(world, 9, chair=1)
    plain = ChairFacts(name="A2", kind=ChairKind.RECLINER, is_isolation=False, position=2)
    found = look(world, lambda: setup_chairs.change(chair=world.chairs[1], facts=plain, by=manager))
    assert hard(found) == [(private, "private_room_needed")]


def test_an_outage_names_who_is_in_the_chair_then(world: World, manager: Actor) -> None:
    visit = book(world, 9)
    book(world, 9, chair=1)

    def act() -> object:
        return outages.add(
            chair=world.chairs[0], starts_at=at(TUESDAY, 8), ends_at=at(TUESDAY, 10), reason="pump", by=manager
        )

    assert hard(look(world, act)) == [(visit, "chair_out")]


def crowd(world: World, manager: Actor) -> list[Shift]:
    """Three visits at nine, and one nurse of four left for them; the others' shifts are gone."""
    for chair in range(3):
        book(world, 9, chair=chair)
    first, second, *others = tuesday_shifts(world)
    for shift in others:
        setup_shifts.remove(shift=shift, by=manager)
    return [first, second]


def test_a_shift_that_is_removed_or_shortened_names_the_times_with_too_few_nurses(world: World, manager: Actor) -> None:
    one, _ = crowd(world, manager)
    found = look(world, lambda: setup_shifts.remove(shift=one, by=manager))
    assert found.over
    shorter = look(world, lambda: setup_shifts.change(shift=one, facts=facts(one, ends=time(9, 30)), by=manager))
    assert shorter.over
    assert shorter.over[0].start >= at(TUESDAY, 9, 30)
    view = breaks_view(found, world.clinic)
    assert view.days[0].times[0].url.startswith("/board/2026-03-03/load/?at=")


def test_a_lunch_that_moves_onto_a_busy_time_is_named(world: World, manager: Actor) -> None:
    one, _ = crowd(world, manager)
    lunch = facts(one, lunch=(time(9), time(9, 30)))
    found = look(world, lambda: setup_shifts.change(shift=one, facts=lunch, by=manager))
    assert found.over
    assert found.over[0].start == at(TUESDAY, 9)
    assert found.over[-1].end <= at(TUESDAY, 9, 30)


def nurse_with(world: World, *skills: Skill) -> User:
    nurse = tuesday_shifts(world)[0].nurse
    NurseSkill.objects.bulk_create(NurseSkill(clinic=world.clinic, nurse=nurse, skill=skill) for skill in skills)
    return nurse


def with_port(world: World) -> None:
    RiskFlag.objects.create(
        patient=world.course_day.course.order.patient,
        code=Risk.CENTRAL_LINE,
        since_on=TUESDAY - timedelta(days=9),
    )


def test_a_skill_that_is_taken_away_names_who_needs_it(world: World, manager: Actor) -> None:
    nurse = nurse_with(world, Skill.PORT)
    with_port(world)
    visit = book(world, 9)
    book(world, 9, chair=1)

    def act() -> object:
        return setup_rules.save_skills(clinic=world.clinic, nurse_id=nurse.id, skills=[], by=manager)

    nobody = look(world, act)
    assert hard(nobody) == []
    assert soft(nobody) == [(visit, "port")]
    assert nobody.soft[0].sentence == "Nobody on shift then has: uses ports."
    Visit.objects.filter(pk=visit.pk).update(nurse=nurse)
    assert look(world, act).soft[0].sentence == f"{nurse.name} has not: uses ports."


def test_a_shift_that_leaves_nobody_with_the_skill_names_who_needs_it(world: World, manager: Actor) -> None:
    nurse_with(world, Skill.PORT)
    with_port(world)
    visit = book(world, 9)
    shift = tuesday_shifts(world)[0]
    assert soft(look(world, lambda: setup_shifts.remove(shift=shift, by=manager))) == [(visit, "port")]


def test_a_longer_turnover_names_the_visits_that_are_too_close(world: World, manager: Actor) -> None:
    first = book(world, 9)
    second = book(world, 11)
    book(world, 11, chair=1)
    rules = setup_rules.facts_of(world.clinic)
    assert first.period.upper == second.period.lower

    def act(minutes: int) -> object:
        changed = RuleFacts(**vars(rules) | {"turnover_minutes": minutes})
        return setup_rules.save_rules(clinic=world.clinic, facts=changed, by=manager)

    found = look(world, lambda: act(15))
    assert soft(found) == [(second, "turnover_short")]
    assert found.soft[0].sentence == f"0 min after {first.patient.short_name}; making A1 ready takes 15 min."
    seen = setup_acts.save(clinic=world.clinic, act=lambda: act(15), seen=found.fingerprint, by=manager)
    assert seen.soft
    assert not StaffTask.objects.filter(kind="setup").exists()
    assert soft(look(world, lambda: act(20))) == []


def test_a_gap_that_somebody_gave_a_reason_for_is_not_named(world: World, manager: Actor) -> None:
    book(world, 9)
    second = book(world, 11)
    given = {"code": "turnover_short", "sentence": "", "reason": "the aide is there", "by": "B."}
    Visit.objects.filter(pk=second.pk).update(overrides=[given])
    changed = RuleFacts(**vars(setup_rules.facts_of(world.clinic)) | {"turnover_minutes": 30})
    found = look(world, lambda: setup_rules.save_rules(clinic=world.clinic, facts=changed, by=manager))
    assert soft(found) == []


def test_a_higher_need_names_the_visits_that_would_be_too_many(world: World, manager: Actor) -> None:
    three = [book(world, 9, chair=chair) for chair in range(3)]

    def act(hundredths: int) -> object:
        return setup_rules.save_weight(
            clinic=world.clinic,
            phase=LoadPhase.PREPARATION,
            hundredths=hundredths,
            source="timed here",
            confidence=Confidence.CLINIC,
            by=manager,
        )

    found = look(world, lambda: act(200))
    assert hard(found) == []
    assert [visit for visit, code in soft(found) if code == "need"] == three
    assert found.soft[0].sentence == "Counted anew, 09:00 needs 6.0 of 4 nurses."
    assert soft(look(world, lambda: act(76))) == []


def test_the_page_links_each_visit(world: World, boss: Client) -> None:
    visit = book(world, 9)
    second = book(world, 11)
    html = boss.get(f"/setup/chairs/{world.chairs[0].id}/retire/").content.decode()
    assert f'href="/visits/{visit.id}/"' in html
    sent = vars(setup_rules.facts_of(world.clinic)) | {"turnover_minutes": 30, "passes_offers_on": "on"}
    html = boss.post("/setup/rules/", sent).content.decode()
    assert "It breaks nothing" in html
    assert "1 booked visit to look at" in html
    assert f'href="/visits/{second.id}/"' in html


def way_out(html: str) -> str:
    """The address of the page that finds a new place for all; empty where there is none."""
    found = re.search(r'href="(/disruptions/new/[^"]*)"', html)
    return found.group(1).replace("&amp;", "&") if found else ""


def test_where_visits_break_the_page_leads_to_new_places_for_all(world: World, boss: Client) -> None:
    book(world, 9)
    out = {"starts_on": TUESDAY, "starts": "08:00", "ends_on": TUESDAY, "ends": "10:00", "reason": "pump broken"}
    chair = way_out(boss.post(f"/setup/chairs/{world.chairs[0].id}/out/", out).content.decode())
    closed = way_out(boss.post("/setup/closures/new/", {"on": TUESDAY, "reason": "Snow"}).content.decode())
    assert "starts=08%3A00" in chair
    assert "starts=07%3A00&ends=18%3A00" in closed
    for address, kind in ((chair, "chair"), (closed, "closed")):
        form = boss.get(address).context["form"]
        assert (form.kind, form["on"].value()) == (kind, str(TUESDAY))
    free = boss.post(f"/setup/chairs/{world.chairs[1].id}/out/", out).content.decode()
    assert way_out(free) == ""


def test_a_shift_that_is_missed_leads_there_too(world: World, manager: Actor, boss: Client) -> None:
    one, _ = crowd(world, manager)
    address = way_out(boss.get(f"/setup/shifts/{one.pk}/remove/").content.decode())
    assert boss.get(address).context["form"]["nurse"].value() == str(one.nurse_id)
