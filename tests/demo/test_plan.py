"""The same seed and moment give the same clinic; another seed gives other people."""

import pytest

from scheduling.demo import fill
from scheduling.demo.prescriptions import load_catalogue
from tests.demo.conftest import WEDNESDAY, Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo_clinic")]


def test_the_same_seed_gives_the_same_clinic(demo: Demo) -> None:
    catalogue = load_catalogue()
    first = fill.plan(now=WEDNESDAY, catalogue=catalogue)
    again = fill.plan(now=WEDNESDAY, catalogue=catalogue)
    other = fill.plan(now=WEDNESDAY, catalogue=catalogue, seed=7)
    assert list(first.rows.facts()) == list(again.rows.facts())
    assert list(first.rows.facts()) != list(other.rows.facts())
