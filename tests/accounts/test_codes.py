"""Sign-in codes: once, for ten minutes, three tries, five dates of birth."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import SignInCode, User
from accounts.services import codes
from accounts.services.codes import IssuedCode, Judgement
from tests.accounts.test_limits import at_once


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user(email="ada@example.org", name="Ada Quill")


def judge(code: IssuedCode, *, digits: str | None = None, knows: bool = True) -> Judgement:
    return codes.judge(code_id=code.id, digits=digits or code.digits, knows_birth_date=knows)


def wrong(code: IssuedCode) -> str:
    return f"{(int(code.digits) + 1) % 1_000_000:06d}"


def test_the_right_code_with_the_right_birth_date_works_exactly_once(user: User) -> None:
    code = codes.issue(user=user)
    assert judge(code).user_id == user.id
    assert judge(code) == Judgement(is_dead=True)


def test_three_wrong_codes_kill_it_even_for_the_right_one(user: User) -> None:
    code = codes.issue(user=user)
    assert [judge(code, digits=wrong(code)).is_dead for _ in range(3)] == [False, False, True]
    assert judge(code).user_id is None


def test_five_wrong_birth_dates_kill_it_and_do_not_use_up_tries_at_the_code(user: User) -> None:
    code = codes.issue(user=user)
    outcomes = [judge(code, knows=False) for _ in range(5)]
    assert all(outcome.was_birth_date_wrong for outcome in outcomes)
    assert [outcome.is_dead for outcome in outcomes] == [False] * 4 + [True]
    assert judge(code).user_id is None


def test_a_code_dies_after_ten_minutes(user: User) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as now:
        code = codes.issue(user=user)
        now.shift(timedelta(minutes=10))
        assert judge(code) == Judgement(is_dead=True)


def test_a_new_code_ends_the_one_before(user: User) -> None:
    first, second = codes.issue(user=user), codes.issue(user=user)
    assert judge(first).is_dead
    assert judge(second).user_id == user.id


def test_only_a_keyed_hash_of_the_code_is_stored(user: User) -> None:
    code = codes.issue(user=user)
    stored = SignInCode.objects.get(pk=code.id).digest
    assert code.digits not in stored
    assert len(stored) == 64


@pytest.mark.django_db
def test_a_decoy_behaves_like_a_code_that_nobody_knows() -> None:
    decoy = codes.issue(user=None)
    assert [judge(decoy, digits=wrong(decoy), knows=False).is_dead for _ in range(3)] == [False, False, True]


@pytest.mark.django_db
def test_a_decoy_lets_nobody_in_even_if_guessed() -> None:
    decoy = codes.issue(user=None)
    assert judge(decoy, knows=True).user_id is None


@pytest.mark.django_db
def test_codes_of_yesterday_are_swept_away_when_a_new_one_is_made() -> None:
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as now:
        codes.issue(user=None)
        now.shift(timedelta(days=2))
        kept = codes.issue(user=None)
    assert list(SignInCode.objects.values_list("id", flat=True)) == [kept.id]


@pytest.mark.django_db(transaction=True)
def test_of_thirty_guesses_at_once_three_are_judged() -> None:
    user = User.objects.create_user(email="ada@example.org", name="Ada Quill")
    code = codes.issue(user=user)
    at_once(30, lambda: judge(code, digits=wrong(code)))
    assert SignInCode.objects.get(pk=code.id).tries == 3


@pytest.mark.django_db(transaction=True)
def test_of_thirty_right_answers_at_once_one_is_let_in() -> None:
    user = User.objects.create_user(email="ada@example.org", name="Ada Quill")
    code = codes.issue(user=user)
    let_in = at_once(30, lambda: judge(code).user_id)
    assert let_in.count(user.id) == 1
