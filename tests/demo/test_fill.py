"""The demo clinic is worth exploring: enough of everything, all of it legal, and today at mid-morning."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership, Organization, User
from authorizations import demand
from authorizations.domain.statuses import MOVES, AuthorizationStatus
from authorizations.models import Authorization, AuthorizationEvent
from authorizations.queries.worklist import queue
from core import clock
from messaging.domain.content import FORBIDDEN_WORDS, check_message
from messaging.models import OutboxMessage
from patients.models import Patient, Payer
from regimens.models import Indication, Product, TreatmentOrder
from regimens.queries.therapies import therapy
from regimens.services.facts import facts_of
from regimens.services.order_checks import check_order
from scheduling.domain.statuses import OCCUPYING, VisitStatus
from scheduling.models import CapacitySlot, Chair, MoveRequest, Visit
from scheduling.queries import board, due
from tests.demo.conftest import Demo
from tests.scheduling.test_storm import assert_sound

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo_clinic")]

STAMPS = ("arrived_at", "seated_at", "infusion_started_at", "observation_started_at", "ended_at")


def todays(demo: Demo) -> list[Visit]:
    return board.day_board(demo.clinic, clock.today(demo.clinic.zone)).all_visits


def test_there_is_enough_of_everything(demo: Demo) -> None:
    assert Chair.objects.count() == 16
    assert Chair.objects.filter(kind="private_room").count() == 2
    assert Membership.objects.filter(role="nurse").count() == 7
    assert 230 <= Patient.objects.count() <= 270
    assert Payer.objects.count() == 8
    assert Payer.objects.filter(needs_authorization=False).count() == 1
    assert MoveRequest.objects.filter(state="open").count() == 4
    assert due.unbooked(demo.clinic, until=clock.today(demo.clinic.zone) + timedelta(days=14)).count() >= 5
    assert {sign_in.role for sign_in in demo.sign_ins} >= {"Scheduler", "Nurse", "Authorization admin", "Manager"}
    assert [sign_in.role for sign_in in demo.sign_ins].count("Patient") == 2


def test_the_patients_of_every_drug_family_are_there(demo: Demo) -> None:
    drugs = set(TreatmentOrder.objects.values_list("product_id", flat=True))
    assert {"infliximab", "vedolizumab", "ocrelizumab", "natalizumab", "rituximab", "tocilizumab"} <= drugs
    assert Product.objects.filter(id__in=drugs, is_immune_globulin=True).count() >= 5


def test_everybody_is_invented_and_reachable_nowhere(demo: Demo) -> None:
    assert not Patient.objects.exclude(email="").exclude(email__endswith="@example.org").exists()
    assert not Patient.objects.exclude(phone__startswith="+1 312 555 01").exists()
    assert not User.objects.exclude(email__endswith="@example.org").exists()
    assert not OutboxMessage.objects.exclude(to__endswith="@example.org").exclude(to__contains="555 01").exists()


def test_every_status_of_an_authorization_is_there_and_was_reached_by_legal_moves(demo: Demo) -> None:
    found = set(Authorization.objects.values_list("status", flat=True))
    assert found == {status.value for status in AuthorizationStatus}
    moves = AuthorizationEvent.objects.exclude(status_before="").values_list("status_before", "status_after").distinct()
    illegal = [
        (before, after)
        for before, after in moves
        if before != after and AuthorizationStatus(after) not in MOVES[AuthorizationStatus(before)]
    ]
    assert illegal == []


def test_nothing_overlaps_and_capacity_has_not_drifted(demo: Demo) -> None:
    assert_sound()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH starts AS (
                SELECT clinic_id, lower(period) + start_quarter * interval '15 minutes' AS at, count(*) AS number
                  FROM scheduling_visit WHERE status = ANY(%s) GROUP BY 1, 2)
            SELECT count(*) FROM scheduling_capacityslot slot
              LEFT JOIN starts ON starts.clinic_id = slot.clinic_id AND starts.at = slot.starts_at
             WHERE slot.starts_used <> coalesce(starts.number, 0)
            """,
            [[status.value for status in OCCUPYING]],
        )
        assert cursor.fetchone() == (0,)


def test_the_ledger_agrees_with_the_authorizations_and_the_visits(demo: Demo) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM authorizations_authorization a
             WHERE (units_reserved, units_used) <> (SELECT coalesce(sum(reserved_change), 0),
                     coalesce(sum(used_change), 0) FROM authorizations_ledgerentry WHERE authorization_id = a.id)
            """
        )
        assert cursor.fetchone() == (0,)
        cursor.execute(
            """
            SELECT count(*) FROM scheduling_visit v JOIN authorizations_ledgerentry l ON l.visit_id = v.id
             WHERE v.status = 'completed' GROUP BY v.id HAVING sum(l.reserved_change) <> 0
            """
        )
        assert cursor.fetchone() is None


def test_today_looks_like_mid_morning(demo: Demo) -> None:
    visits = todays(demo)
    statuses = Counter(visit.status for visit in visits)
    assert set(statuses) >= {
        VisitStatus.COMPLETED,
        VisitStatus.INFUSING,
        VisitStatus.OBSERVING,
        VisitStatus.SEATED,
        VisitStatus.NO_SHOW,
        VisitStatus.CONFIRMED,
        VisitStatus.BOOKED,
    }
    assert statuses[VisitStatus.ARRIVED] == 2
    assert len(visits) >= 32
    now = clock.now()
    late = [visit for visit in visits if visit.status in {"booked", "confirmed"} and visit.period.lower < now]
    assert len(late) == 1
    codes = Counter(item["code"] for visit in visits for item in visit.overrides)
    assert codes["auth_not_valid"] == 2
    over = CapacitySlot.objects.filter(starts_at__date=now.date(), override_load__gt=0)
    assert 1 <= over.count() <= 6


def test_no_visit_has_a_time_that_has_not_come_or_is_out_of_order(demo: Demo) -> None:
    now = clock.now()
    for visit in Visit.objects.exclude(arrived_at=None):
        stamps = [at for name in STAMPS if (at := getattr(visit, name)) is not None]
        assert stamps == sorted(stamps)
        assert stamps[-1] <= now
    assert not Visit.objects.filter(period__endswith__lt=now, status__in=["arrived", "seated", "infusing"]).exists()
    assert not Visit.objects.filter(created_at__gt=now).exists()


def test_nine_in_ten_visits_of_the_past_were_kept(demo: Demo) -> None:
    start, _ = clock.day_bounds(clock.today(demo.clinic.zone), demo.clinic.zone)
    past = Counter(Visit.objects.filter(period__startswith__lt=start).values_list("status", flat=True))
    assert set(past) == {"completed", "left_early", "no_show", "cancelled"}
    assert 0.82 <= past["completed"] / past.total() <= 0.93
    assert past.total() >= 900


def test_the_surprise_is_at_the_top_of_the_queue(demo: Demo) -> None:
    today = clock.today(demo.clinic.zone)
    rows = queue(clinic=demo.clinic, today=today, upcoming=demand.upcoming(clinic=demo.clinic, today=today))
    top = rows[0]
    assert top.authorization is not None
    assert top.authorization.status == AuthorizationStatus.APPROVED_MODIFIED
    assert top.authorization.ends_on == today
    assert top.next_visit is not None
    assert today < top.next_visit.on <= today + timedelta(days=5)
    assert top.next_visit.authorization_id == top.authorization.id
    assert "no valid authorization covers it" in top.risk.sentence


def test_one_payer_wants_a_visit_of_the_next_days_elsewhere_and_the_gate_says_so(demo: Demo) -> None:
    today = clock.today(demo.clinic.zone)
    held = [
        visit
        for visit in Visit.objects.select_related("clearance", "authorization", "clinic").exclude(clearance=None)
        if any(one["code"] == "site_mismatch" for one in visit.clearance.reasons)
    ]
    days = [visit.period.lower.astimezone(demo.clinic.zone).date() for visit in held]
    assert today < min(days) <= today + timedelta(days=7)
    assert len({visit.authorization_id for visit in held}) == 1
    assert "authorized Harbor Home Infusion (NPI 2000000200)" in str(held[0].clearance.reasons)
    assert Authorization.objects.filter(site_npi=demo.clinic.npi).count() >= 10


def test_every_order_would_be_accepted_today(demo: Demo) -> None:
    today = clock.today(demo.clinic.zone)
    signed = TreatmentOrder.objects.exclude(signed_on=None)  # a drafted renewal is signed before it is accepted
    orders = signed.select_related("product", "indication").prefetch_related("product__codes")
    refused = {
        str(order): reasons
        for order in orders
        if (reasons := check_order(facts_of(order), therapy(order.product, order.indication), today=today))
    }
    assert refused == {}


def test_no_message_says_what_is_treated(demo: Demo) -> None:
    drugs = {name for product in Product.objects.all() for name in (product.name, product.board_name)}
    words = {*FORBIDDEN_WORDS, *drugs, *Indication.objects.values_list("name", flat=True)}
    sent = OutboxMessage.objects.exclude(rendered_body="")
    assert sent.count() >= 500
    for message in sent:
        plain = message.rendered_body.replace(f"{settings.BASE_URL}", "")
        assert check_message(f"{message.rendered_subject} {plain}", forbidden=words, max_length=None) == ()
    assert OutboxMessage.objects.filter(state="pending").exists()


def test_everybody_on_the_list_can_sign_in(demo: Demo) -> None:
    for sign_in in demo.sign_ins:
        if sign_in.password:
            assert len(sign_in.password) >= 15
            assert authenticate(username=sign_in.user.email, password=sign_in.password) == sign_in.user
        else:
            assert Patient.objects.get(user=sign_in.user).email == sign_in.user.email


@pytest.fixture
def staff(demo: Demo) -> dict[str, Client]:
    clients = {}
    for sign_in in demo.sign_ins:
        clients[sign_in.role] = Client()
        clients[sign_in.role].force_login(sign_in.user, "allauth.account.auth_backends.AuthenticationBackend")
    return clients


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("Nurse", "/board/"),
        ("Nurse", "/floor/"),
        ("Scheduler", "/requests/"),
        ("Authorization admin", "/authorizations/"),
        ("Nurse", "/outbox/"),
    ],
)
def test_the_pages_open_on_it(staff: dict[str, Client], role: str, path: str) -> None:
    assert staff[role].get(path).status_code == 200


def test_the_nurse_s_floor_has_patients_of_theirs_and_most_vital_signs_were_taken(
    demo: Demo, staff: dict[str, Client]
) -> None:
    nurse = next(sign_in.user for sign_in in demo.sign_ins if sign_in.role == "Nurse")
    in_chair = Visit.objects.filter(clinic=demo.clinic, status__in=["seated", "infusing", "observing"])
    assert in_chair.filter(nurse=nurse).exists()
    page = staff["Nurse"].get("/floor/").context["floor"]
    assert (
        page.mine == in_chair.filter(nurse=nurse).count() + Visit.objects.filter(status="arrived", nurse=nurse).count()
    )
    everybody = staff["Nurse"].get("/floor/?who=all").context["floor"]
    assert everybody.vitals_due <= in_chair.count() // 2
    assert in_chair.filter(vitals__isnull=False).distinct().count() >= in_chair.count() - 2


def test_it_is_told_what_was_made(demo: Demo) -> None:
    assert any("visits" in line and "Planned" in line for line in demo.lines)


def test_it_fills_only_a_demo(db: None, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="set DEMO=on"):
        call_command("seed_demo")


def test_it_fills_only_an_empty_database(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.DEMO = True
    Organization.objects.create(name="Somebody was here")
    with pytest.raises(CommandError, match="There is a clinic in this database already"):
        call_command("seed_demo", sign_ins=tmp_path / "signins.json")
    assert not (tmp_path / "signins.json").exists()
