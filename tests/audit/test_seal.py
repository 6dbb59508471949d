"""The record cannot be rewritten without it showing."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from audit.models import AuditEvent, AuditSeal
from audit.services.record import record
from audit.services.seal import RestoredElsewhereError, seal_all
from audit.services.verify import verify
from core.actor import system

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_sealed() -> None:
    with tampering():
        AuditEvent.objects.all().delete()
        AuditSeal.objects.all().delete()


@contextmanager
def tampering() -> Iterator[None]:
    """Somebody who owns the tables, with their triggers switched off."""
    _triggers("DISABLE")
    yield
    _triggers("ENABLE")


def _triggers(act: str) -> None:
    with connection.cursor() as cursor:
        for model in (AuditEvent, AuditSeal):
            cursor.execute(f"ALTER TABLE {model._meta.db_table} {act} TRIGGER USER")


def write(count: int, *, label: str = "sweep") -> None:
    for number in range(count):
        record(action="visit.view", entity_type="visit", entity_id=str(number), by=system(label), detail={"n": number})


def seal() -> int:
    """Seal, once the transactions of tests beside this one have ended: they run on the same server."""
    newest = AuditEvent.objects.order_by("-transaction_id").values_list("transaction_id", flat=True).first() or 0
    give_up_at = time.monotonic() + 120
    while _oldest_running() <= newest:
        assert time.monotonic() < give_up_at, "a transaction beside this test never ended"
        time.sleep(0.05)
    return seal_all()


def _oldest_running() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (number,) = cursor.fetchone()
        return int(number)


def test_an_untouched_record_is_whole() -> None:
    write(3)
    assert seal() == 3
    write(2)
    assert seal() == 2
    verdict = verify()
    assert (verdict.problem, verdict.events, verdict.seals, verdict.unsealed) == (None, 5, 2, 0)


def test_nothing_new_makes_no_new_seal() -> None:
    write(1)
    seal()
    seal()
    assert AuditSeal.objects.count() == 1


def test_the_application_itself_can_neither_change_nor_delete_an_event() -> None:
    write(1)
    for act in (lambda: AuditEvent.objects.update(action="other"), lambda: AuditEvent.objects.all().delete()):
        with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
            act()
    assert AuditEvent.objects.get().action == "visit.view"


def test_an_altered_event_is_named() -> None:
    write(5)
    seal()
    victim = AuditEvent.objects.order_by("transaction_id", "id")[2]
    with tampering():
        AuditEvent.objects.filter(pk=victim.pk).update(actor_label="somebody else")
    assert f"event {victim.pk} was altered" in (verify().problem or "")


def test_of_two_altered_events_the_first_is_named() -> None:
    write(5)
    seal()
    first, second = AuditEvent.objects.order_by("transaction_id", "id")[1:5:2]
    with tampering():
        AuditEvent.objects.filter(pk__in=[first.pk, second.pk]).update(detail={"n": 99})
    assert str(first.pk) in (verify().problem or "")


def test_a_deleted_event_is_named() -> None:
    write(4)
    seal()
    victim = AuditEvent.objects.order_by("transaction_id", "id")[1]
    with tampering():
        AuditEvent.objects.filter(pk=victim.pk).delete()
    assert f"event {victim.pk} was taken away" in (verify().problem or "")


def test_an_event_slipped_in_behind_a_seal_is_named() -> None:
    write(2)
    seal()
    write(1, label="forger")
    forged = AuditEvent.objects.get(actor_label="forger")
    with tampering():
        AuditEvent.objects.filter(pk=forged.pk).update(transaction_id=AuditSeal.objects.get().last_transaction)
    assert f"event {forged.pk} was added" in (verify().problem or "")


def test_a_rewritten_seal_is_found_by_the_next_one() -> None:
    write(2)
    seal()
    write(2)
    seal()
    with tampering():
        AuditSeal.objects.filter(number=1).update(digest="0" * 64)
    assert "Seal 1" in (verify().problem or "")


def test_a_missing_seal_is_found() -> None:
    for _ in range(3):
        write(1)
        seal()
    with tampering():
        AuditSeal.objects.filter(number=2).delete()
    assert verify().problem == "Seal 2 is missing; the next one is 3."


def test_a_cut_tail_is_found_by_the_head_kept_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="audit.heads")
    write(2)
    seal()
    write(2)
    seal()
    shipped = caplog.text.splitlines()
    last = AuditSeal.objects.get(number=2)
    with tampering():
        AuditEvent.objects.filter(transaction_id__gte=last.first_transaction).delete()
        last.delete()
    assert verify().problem is None
    assert verify(heads=shipped).problem == "The tail was cut off: seal 2 was made, but the last one here is 1."


def test_the_command_names_the_first_bad_event(capsys: pytest.CaptureFixture[str]) -> None:
    write(2)
    seal()
    call_command("verify_audit")
    assert "The record is whole: 2 events" in capsys.readouterr().out
    victim = AuditEvent.objects.order_by("transaction_id", "id")[0]
    with tampering():
        AuditEvent.objects.filter(pk=victim.pk).update(action="visit.book")
    with pytest.raises(CommandError, match=str(victim.pk)):
        call_command("verify_audit")


def test_events_of_a_transaction_still_running_are_sealed_once_it_ends() -> None:
    """The slow transaction has the lower number, and its event the older id: sealing by "newer than" would lose it."""
    written, finish = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                write(1, label="slow")
                written.set()
                finish.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(10)
    write(3, label="quick")
    assert seal_all() == 0
    finish.set()
    thread.join(10)
    assert seal() == 4
    verdict = verify()
    assert (verdict.problem, verdict.unsealed) == (None, 0)


def test_a_database_restored_from_a_dump_says_so_instead_of_sealing_nothing() -> None:
    write(1)
    seal()
    with tampering():
        AuditSeal.objects.update(last_transaction=2**60)
    with pytest.raises(RestoredElsewhereError, match="restored from a dump"):
        seal()
