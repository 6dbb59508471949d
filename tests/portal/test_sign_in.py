"""A patient signs in with an e-mailed code and a date of birth, and a stranger learns nothing."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import SignInCode
from messaging.models import OutboxMessage
from patients.models import Patient
from scheduling.models import StaffTask
from tests.factories import make_clinic, make_patient
from tests.portal.conftest import BORN

LOGIN, CODE = "/p/login/", "/p/login/code/"
BIRTH = {"month": "5", "day": "17", "year": "1970"}


@pytest.fixture
def patient(db: None) -> Patient:
    return make_patient(make_clinic(), signs_in=True, birth_date=BORN, email="amina@example.org")


def ask(client: Client, email: str = "amina@example.org") -> None:
    assert client.post(LOGIN, {"email": email}).headers["Location"] == CODE


def mailed() -> str:
    code: str = OutboxMessage.objects.latest("created_at").params["code"]
    return code


def is_in(client: Client) -> bool:
    return client.get("/p/").status_code == 200


def test_the_code_from_the_mail_and_the_birth_date_let_the_patient_in(client: Client, patient: Patient) -> None:
    ask(client)
    before = client.session.session_key
    answer = client.post(CODE, {"code": mailed(), **BIRTH})
    assert answer.headers["Location"] == "/p/"
    assert is_in(client)
    assert client.session.session_key != before


def test_the_address_may_be_typed_in_capitals_and_the_code_with_spaces(client: Client, patient: Patient) -> None:
    ask(client, "  AMINA@Example.org ")
    code = mailed()
    client.post(CODE, {"code": f" {code[:3]} {code[3:]} ", **BIRTH})
    assert is_in(client)


def test_a_code_without_the_right_birth_date_does_not(client: Client, patient: Patient) -> None:
    ask(client)
    answer = client.post(CODE, {"code": mailed(), **BIRTH, "year": "1971"})
    assert answer.status_code == 422
    assert not is_in(client)


def test_a_wrong_code_and_a_wrong_birth_date_get_the_same_words(client: Client, patient: Patient) -> None:
    ask(client)
    right = mailed()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    answers = [
        client.post(CODE, {"code": wrong, **BIRTH}),
        client.post(CODE, {"code": right, **BIRTH, "day": "18"}),
    ]
    words = "The code or the date of birth is not right. Check both, then try again."
    assert all(words in answer.content.decode() for answer in answers)


def test_after_three_wrong_codes_the_right_one_is_too_late(client: Client, patient: Patient) -> None:
    ask(client)
    right = mailed()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(3):
        answer = client.post(CODE, {"code": wrong, **BIRTH})
    assert "no longer works" in answer.content.decode()
    client.post(CODE, {"code": right, **BIRTH})
    assert not is_in(client)


def test_five_wrong_birth_dates_burn_the_code_and_tell_the_clinic(client: Client, patient: Patient) -> None:
    ask(client)
    right = mailed()
    for year in range(1980, 1985):
        client.post(CODE, {"code": right, **BIRTH, "year": str(year)})
    client.post(CODE, {"code": right, **BIRTH})
    assert not is_in(client)
    assert str(patient) in StaffTask.objects.get().text


def test_after_ten_wrong_birth_dates_in_a_day_no_more_codes_are_sent(client: Client, patient: Patient) -> None:
    for _ in range(2):
        ask(client)
        for year in range(1980, 1985):
            client.post(CODE, {"code": mailed(), **BIRTH, "year": str(year)})
    ask(client)
    assert OutboxMessage.objects.count() == 2


def test_an_unknown_address_is_answered_exactly_like_a_known_one(patient: Patient) -> None:
    pages = []
    for email in ("amina@example.org", "nobody@example.org"):
        client = Client()
        answer = client.post(LOGIN, {"email": email})
        page = client.get(CODE)
        refused = client.post(CODE, {"code": "000000" if mailed() != "000000" else "000001", **BIRTH})
        bodies = [page.content.decode().replace(email, "X"), refused.content.decode().replace(email, "X")]
        pages.append((answer.status_code, answer.headers["Location"], [_without_tokens(body) for body in bodies]))
    assert pages[0] == pages[1]
    assert OutboxMessage.objects.count() == 1


def test_an_unknown_address_costs_the_same_work_but_the_letter(patient: Patient) -> None:
    counts = []
    for email in ("amina@example.org", "nobody@example.org"):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            Client().post(LOGIN, {"email": email})
        counts.append(len(statements))
    letter = counts[0] - counts[1]
    assert 0 <= letter <= 4


def test_only_five_codes_an_hour_go_to_one_address_from_one_place(client: Client, patient: Patient) -> None:
    with time_machine.travel("2026-03-02T14:00:00Z", tick=False) as now:
        for _ in range(8):
            ask(client)
        assert OutboxMessage.objects.count() == 5
        now.shift(timedelta(hours=1))
        ask(client)
        assert OutboxMessage.objects.count() == 6


def test_a_place_that_asks_for_ever_more_codes_is_stopped(client: Client, patient: Patient) -> None:
    for number in range(60):
        ask(client, f"guess{number}@example.org")
    answer = client.post(LOGIN, {"email": "amina@example.org"})
    assert answer.status_code == 429
    assert "Wait an hour" in answer.content.decode()


def test_the_letter_goes_to_the_address_on_file_and_dies_with_the_code(client: Client, patient: Patient) -> None:
    ask(client)
    letter, code = OutboxMessage.objects.get(), SignInCode.objects.get()
    assert (letter.kind, letter.to, letter.patient_id) == ("sign_in.code", "amina@example.org", patient.id)
    assert letter.not_after is not None
    assert abs(letter.not_after - code.expires_at) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"code": "12345"}, "The code has 6 numbers."),
        ({"code": "１２３４５６"}, "The code has 6 numbers."),
        ({"code": ""}, "Type the 6 numbers from the e-mail."),
        ({"month": "2", "day": "30"}, "That day does not exist."),
        ({"month": "13"}, "Check the month you were born."),
        ({"year": "70"}, "Check the year you were born."),
        ({"day": "x"}, "Type the day as a number."),
        ({"day": "9" * 400}, "day"),
    ],
)
def test_nonsense_gets_a_sentence_and_costs_no_try(
    client: Client, patient: Patient, typed: dict[str, str], sentence: str
) -> None:
    ask(client)
    answer = client.post(CODE, {"code": "123456", **BIRTH, **typed})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert SignInCode.objects.get().tries == 0


@pytest.mark.parametrize("email", ["", "x", "a b@c", "ada@example.org\r\nBcc: eve@example.org", "a\x00@b.org"])
def test_an_address_that_is_none_gets_a_sentence(client: Client, db: None, email: str) -> None:
    assert client.post(LOGIN, {"email": email}).status_code == 422
    assert not SignInCode.objects.exists()


def test_after_signing_in_the_patient_goes_where_they_were_heading_if_it_is_ours(patient: Patient) -> None:
    for address, landed in (("/p/visits/", "/p/visits/"), ("//evil.example/p/", "/p/"), ("/board/", "/p/")):
        client = Client()
        client.post(f"{LOGIN}?next={address}", {"email": "amina@example.org"})
        assert client.post(CODE, {"code": mailed(), **BIRTH}).headers["Location"] == landed


def test_the_second_page_without_the_first_leads_back(client: Client, db: None) -> None:
    assert client.get(CODE).headers["Location"] == LOGIN


def test_signing_out_ends_the_session_and_asks_the_browser_to_forget(client: Client, patient: Patient) -> None:
    ask(client)
    client.post(CODE, {"code": mailed(), **BIRTH})
    answer = client.post("/p/logout/")
    assert "cache" in answer.headers["Clear-Site-Data"]
    assert client.get("/p/").headers["Location"].startswith(LOGIN)


def test_a_patients_session_ends_after_an_hour_even_in_use(client: Client, patient: Patient) -> None:
    with time_machine.travel("2026-03-02T14:00:00Z", tick=False) as now:
        ask(client)
        client.post(CODE, {"code": mailed(), **BIRTH})
        for _ in range(6):
            assert is_in(client)
            now.shift(timedelta(minutes=10))
        assert not is_in(client)


def _without_tokens(body: str) -> str:
    lines = (line for line in body.splitlines() if "csrf" not in line)
    return "\n".join(lines)
