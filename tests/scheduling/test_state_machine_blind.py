"""Would the random days see a clinic that books twice? One rule and the guard under it are off, and the walks say so.

The same machine with the same settings, but it stops at the first thing found.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from core.errors import Reason
from scheduling.domain import placement
from tests.scheduling.invariants import rows
from tests.scheduling.test_state_machine import SUITE, ClinicDays

FIRST = settings(SUITE, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)


@contextmanager
def without(table: str, name: str) -> Iterator[None]:
    """The database without one constraint of a table; it is back afterwards, when the tables are empty."""
    [(definition,)] = rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", name)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_organization, accounts_user CASCADE")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def ignoring(code: str, check: Callable[..., list[Reason]]) -> Callable[..., list[Reason]]:
    """The check without its reasons of one code."""
    return lambda *given: [reason for reason in check(*given) if reason.code != code]


@pytest.mark.slow
def test_two_visits_in_a_chair_would_be_seen(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "_check_occupants", ignoring("chair_taken", placement._check_occupants))
    with (
        without("scheduling_visit", "visit_chair_once"),
        pytest.raises(AssertionError, match="two visits in a chair"),
    ):
        run_state_machine_as_test(ClinicDays, settings=FIRST)


@pytest.mark.slow
def test_too_few_nurses_would_be_seen(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "_check_nurses", ignoring("nurse_load", placement._check_nurses))
    with (
        without("scheduling_capacityslot", "capacity_slot_load"),
        pytest.raises(AssertionError, match=r"over capacity without a name: load|more used than capacity"),
    ):
        run_state_machine_as_test(ClinicDays, settings=FIRST)
