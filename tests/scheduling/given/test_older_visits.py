"""Visits given before administrations were kept get one each, once."""

from importlib import import_module

from django.apps import apps

from core.actor import system
from regimens.models import Administration
from regimens.queries.given import given_days
from regimens.services import administrations
from scheduling.domain.statuses import VisitStatus as S
from tests.factories import at
from tests.scheduling.conftest import TUESDAY
from tests.scheduling.given.conftest import Infusion

MIGRATION = import_module("scheduling.migrations.0004_visits_given_have_administrations")


def test_a_visit_done_without_an_administration_gets_one_and_only_one(infusion: Infusion, at_eleven: object) -> None:
    infusion.step(S.COMPLETED)
    administrations.void(visit_id=infusion.visit.id, reason="as if it never was", by=system("test"))
    assert given_days(infusion.world.order) == ()
    MIGRATION.keep_what_was_given(apps, None)
    MIGRATION.keep_what_was_given(apps, None)
    given = infusion.given
    assert (given.started_at, given.stopped_at, given.recorded_at) == (at(TUESDAY, 9, 20), at(TUESDAY, 11), None)
    assert (given.planned_minutes, given.is_complete) == (60, None)
    assert Administration.objects.count() == 2


def test_a_visit_left_before_its_infusion_gets_none(infusion: Infusion, at_eleven: object) -> None:
    infusion.undo()
    infusion.step(S.LEFT_EARLY)
    MIGRATION.keep_what_was_given(apps, None)
    assert given_days(infusion.world.order) == ()
