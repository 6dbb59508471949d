"""Signing in, staying signed in, what each role may do, and the chain that seals the log."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from accounts.domain.backoff import WAITS, network_of, wait_seconds, wait_sentence
from accounts.domain.policy import GRANTS, Permission, Role, permissions_of
from accounts.domain.sessions import PATIENT, STAFF, check_session
from audit.domain.chain import FIRST_LINK, EventPrint, first_difference, link, print_of

HOUR = 3600


def test_three_tries_are_free_and_then_the_wait_doubles_to_a_quarter_of_an_hour() -> None:
    assert [wait_seconds(tries) for tries in (0, 3, 4, 5, 6, 13, 14, 40)] == [0, 0, 1, 2, 4, 512, 900, 900]
    assert WAITS[:5] == (0, 0, 0, 1, 2)
    assert (len(WAITS), WAITS[-1]) == (15, 900)


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second,"), (59, "59 seconds,"), (60, "1 minute,"), (61, "2 minutes,")]
)
def test_a_wait_is_said_in_seconds_or_whole_minutes(seconds: int, words: str) -> None:
    assert wait_sentence(seconds) == f"Too many wrong tries. Wait {words} then try again."


def test_neighbours_on_the_internet_share_a_network() -> None:
    assert network_of("203.0.113.7") == network_of("203.0.113.200") == "203.0.113.0/24"
    assert network_of("2001:db8::1") == "2001:db8::/64"
    assert network_of("a socket") == "a socket"


def test_a_session_ends_when_idle_or_after_its_longest_time() -> None:
    assert check_session(began=0, active=0, now=15 * 60 - 1, limits=STAFF) is None
    assert "15 minutes" in str(check_session(began=0, active=0, now=15 * 60, limits=STAFF))
    assert check_session(began=0, active=12 * HOUR - 1, now=12 * HOUR - 1, limits=STAFF) is None
    assert "12 hours passed" in str(check_session(began=0, active=12 * HOUR, now=12 * HOUR, limits=STAFF))
    assert "1 hour passed" in str(check_session(began=0, active=HOUR, now=HOUR, limits=PATIENT))


def test_every_role_has_grants_and_only_a_prescriber_releases() -> None:
    assert set(GRANTS) == set(Role)
    assert [role for role in Role if Permission.ORDER_RELEASE in GRANTS[role]] == [Role.PRESCRIBER]
    assert permissions_of({Role.PATIENT}) == {"self.view", "self.change"}
    assert permissions_of({Role.PATIENT, Role.AUDITOR}) >= {"self.view", "audit.view"}
    assert permissions_of(set()) == frozenset()


def test_nobody_but_a_patient_acts_for_themselves_and_a_patient_sees_nobody_else() -> None:
    for role in set(Role) - {Role.PATIENT}:
        assert not {Permission.SELF_VIEW, Permission.SELF_CHANGE} & GRANTS[role]
    assert Role.AUTHORIZATION_ADMIN.label == "Authorization admin"


def event(number: int) -> EventPrint:
    return print_of({"id": UUID(int=number), "at": datetime(2026, 11, 24, tzinfo=UTC), "kind": "look", "n": number})


A, B, C = event(1), event(2), event(3)
KEPT = A.short + B.short


def test_a_print_depends_on_everything_an_event_says() -> None:
    said = {"id": UUID(int=1), "at": datetime(2026, 11, 24, tzinfo=UTC), "kind": "look", "n": 1}
    assert print_of(dict(reversed(said.items()))) == A
    assert print_of(said | {"kind": "change"}).hash != A.hash
    assert len(A.short) == 24


def test_a_seal_depends_on_the_seal_before_its_number_and_its_events() -> None:
    seal = link(previous=FIRST_LINK, number=1, last_transaction=9, prints=[A, B])
    others = [
        link(previous=seal, number=1, last_transaction=9, prints=[A, B]),
        link(previous=FIRST_LINK, number=2, last_transaction=9, prints=[A, B]),
        link(previous=FIRST_LINK, number=1, last_transaction=8, prints=[A, B]),
        link(previous=FIRST_LINK, number=1, last_transaction=9, prints=[B, A]),
        link(previous=FIRST_LINK, number=1, last_transaction=9, prints=[A]),
    ]
    assert len({seal, *others}) == 6
    assert link(previous=FIRST_LINK, number=1, last_transaction=9, prints=[A, B]) == seal


def test_the_first_difference_names_the_event() -> None:
    changed = EventPrint(B.id, A.hash)
    assert first_difference(KEPT, [A, changed]) == f"event {B.id} was altered"
    assert first_difference(KEPT, [B]) == f"event {A.id} was taken away"
    assert first_difference(KEPT, [A]) == f"event {B.id} was taken away"
    assert first_difference(KEPT, [A, B, C]) == f"event {C.id} was added afterwards"
    assert first_difference(KEPT, [A, C, B]) == f"event {C.id} was added afterwards"
    assert first_difference(KEPT, [A, B]) == "the seal itself was altered"
