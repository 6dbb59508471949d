"""The gate with real rows."""

from pytest_django import DjangoAssertNumQueries

from scheduling.domain.clearance import Light
from scheduling.queries.clearance import clearances
from scheduling.services import gate
from tests import factories
from tests.scheduling.conftest import World
from tests.scheduling.test_booking import book


def test_a_visit_with_everything_is_green(world: World, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    visit = book(world)
    with django_assert_max_num_queries(10):
        found = clearances([visit], on_the_day=True)[visit.id]
    factories.clear(visit)
    found = clearances([visit], on_the_day=True)[visit.id]
    assert found.light is Light.GREEN
