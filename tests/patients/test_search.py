"""A patient is found by what a person remembers, quickly and only at their own clinic."""

from datetime import date

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import Clinic
from patients.queries.search import matching, search
from tests import factories

pytestmark = pytest.mark.django_db
SIZE = 20_000


def people(clinic: Clinic) -> None:
    for given, family, number, born in [
        ("Ann", "Smith", "MR100001", date(1961, 2, 3)),
        ("Joanna", "Smith", "MR100002", date(1962, 2, 3)),
        ("Annette", "Smoll", "MR100003", date(1963, 2, 3)),
        ("Zoë", "Müller-O'Brien", "MR200004", date(1970, 5, 17)),
        ("Percy", "100% Real_", "MR200005", date(1971, 5, 17)),
    ]:
        factories.make_patient(clinic, given_name=given, family_name=family, record_number=number, birth_date=born)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann sm", ["Ann Smith", "Annette Smoll"]),
        ("sm ann", ["Ann Smith", "Annette Smoll"]),
        ("Smith, Ann", ["Ann Smith"]),
        ("smith", ["Ann Smith", "Joanna Smith"]),
        ("  JOANNA ", ["Joanna Smith"]),
        ("zoe muller", ["Zoë Müller-O'Brien"]),
        ("MÜLLER", ["Zoë Müller-O'Brien"]),
        ("obrien", ["Zoë Müller-O'Brien"]),
        ("o'brien z", ["Zoë Müller-O'Brien"]),
        ("mr100003", ["Annette Smoll"]),
        ("MR2000", ["Percy 100% Real_", "Zoë Müller-O'Brien"]),
        ("1970-05-17", ["Zoë Müller-O'Brien"]),
        ("5/17/1971", ["Percy 100% Real_"]),
        ("17 May 1970", ["Zoë Müller-O'Brien"]),
        ("%", []),
        ("_", []),
        ("-", []),
        ("\x00", []),
        ("", []),
        ("nobody", []),
        ("x" * 5000, []),
        ("漢字", []),
    ],
)
def test_what_was_typed_finds_the_right_people(text: str, found: list[str]) -> None:
    clinic = factories.make_clinic()
    people(clinic)
    assert [f"{patient.given_name} {patient.family_name}" for patient in search(clinic, text)] == found


def test_another_clinic_s_patients_are_never_found() -> None:
    here, there = factories.make_clinic(), factories.make_clinic()
    people(there)
    assert search(here, "smith") == []
    assert not matching(here, "").exists()


def test_a_search_is_one_statement_and_at_most_twenty_people(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    clinic = factories.make_clinic()
    for number in range(25):
        factories.make_patient(clinic, family_name=f"Smith{number}")
    with django_assert_num_queries(1):
        assert len(search(clinic, "smith")) == 20


@pytest.mark.slow
def test_every_way_in_uses_an_index_in_a_large_clinic() -> None:
    clinic = factories.make_clinic()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO patients_patient (id, organization_id, clinic_id, record_number, given_name, family_name,
                birth_date, sex, email, phone, time_zone, language, needs_private_room, needs_interpreter, version)
            SELECT gen_random_uuid(), %s, %s, 'N' || n,
                'G' || translate(substr(md5(n::text), 1, 7), '0123456789', 'ghijklmnop'),
                'F' || translate(substr(md5((-n)::text), 1, 7), '0123456789', 'ghijklmnop'),
                date '1940-01-01' + n %% 25000, 'unknown', '', '', '', 'en', false, false, 1
            FROM generate_series(1, %s) AS n
            """,
            [clinic.organization_id, clinic.id, SIZE],
        )
        cursor.execute("SELECT gin_clean_pending_list('patient_name_like')")
        cursor.execute("ANALYZE patients_patient")
    ways = {
        "fabcd gb": "patient_name_like",
        "N2000": "patient_by_number_start",
        "1970-05-17": "patient_by_birth_date",
    }
    plans = {text: matching(clinic, text).order_by().explain() for text in ways}
    assert [text for text, index in ways.items() if index not in plans[text]] == []
    assert search(clinic, f"N{SIZE}")[0].record_number == f"N{SIZE}"
