"""The sweep: what is due becomes one message to whoever must act, on the clinic's own day, once."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import time_machine

from accounts.domain.policy import Role
from accounts.models import Membership
from authorizations.models import Authorization
from authorizations.services import follow_ups, sweep, work
from authorizations.tasks import follow_ups as task
from messaging.models import OutboxMessage
from tests import factories
from tests.authorizations.conftest import NOW, TODAY, Desk

DRUGS = ("IVIG", "Test IG", "CIDP", "J1569")


def kinds() -> dict[str, int]:
    pending = OutboxMessage.objects.filter(state="pending", kind__startswith="authorization.").values_list(
        "kind", flat=True
    )
    return dict(Counter(kind.removeprefix("authorization.") for kind in pending))


def test_each_thing_that_is_due_is_told_once(desk: Desk) -> None:
    desk.authorization("Slow", status="submitted", units_approved=0, submitted_at=NOW - timedelta(days=4),
                       decision_due_at=NOW - timedelta(minutes=1))  # fmt: skip
    desk.authorization("Call", follow_up_on=TODAY)
    desk.authorization("Ending", ends_on=TODAY + timedelta(days=45))
    short = desk.authorization("Short", units_approved=59)
    desk.book(short.order, date(2026, 11, 30))
    desk.authorization("Calm", follow_up_on=TODAY + timedelta(days=1), ends_on=TODAY + timedelta(days=46))
    expected = {"clock_passed": 1, "follow_up_due": 1, "expiring": 1, "units_short": 1}
    assert sweep.sweep(clinic=desk.clinic) == 4
    assert kinds() == expected
    task()
    assert sweep.sweep(clinic=desk.clinic) == 0
    assert kinds() == expected


def test_a_message_names_the_reference_and_links_and_says_nothing_about_health(desk: Desk) -> None:
    item = desk.authorization("Call", follow_up_on=TODAY, reference="98-1120", owner=desk.admin)
    sweep.sweep(clinic=desk.clinic)
    message = OutboxMessage.objects.get()
    assert (message.to, message.channel, message.patient_id) == (desk.admin.email, "email", None)
    assert message.params["reference"] == "98-1120"
    assert message.params["link"] == f"http://testserver/authorizations/{item.id}/"
    assert message.params["due"] == "Monday 23 November 2026"
    written = str(message.params) + message.wording
    assert not [word for word in (*DRUGS, "Call", item.patient.family_name) if word in written]


def test_an_unowned_authorization_is_everybodys_an_owned_one_its_owners(desk: Desk) -> None:
    colleague = factories.make_staff(desk.clinic, Role.AUTHORIZATION_ADMIN)
    factories.make_staff(desk.clinic, Role.AUTHORIZATION_ADMIN, is_active=False)
    factories.make_staff(factories.make_clinic(), Role.AUTHORIZATION_ADMIN)
    factories.make_staff(desk.clinic, Role.SCHEDULER)
    item = desk.authorization(follow_up_on=TODAY)
    sweep.sweep(clinic=desk.clinic)
    assert set(OutboxMessage.objects.values_list("to", flat=True)) == {desk.admin.email, colleague.email}
    follow_ups.assign(authorization=item, owner=colleague, expected_version=1, by=desk.actor)
    sweep.sweep(clinic=desk.clinic)
    assert list(OutboxMessage.objects.filter(state="pending").values_list("to", flat=True)) == [colleague.email]
    Membership.objects.filter(user=colleague).delete()
    sweep.sweep(clinic=desk.clinic)
    assert list(OutboxMessage.objects.filter(state="pending").values_list("to", flat=True)) == [desk.admin.email]


def test_what_is_done_before_the_message_left_is_not_told(desk: Desk) -> None:
    item = desk.authorization(follow_up_on=TODAY)
    sweep.sweep(clinic=desk.clinic)
    follow_ups.set_follow_up(
        authorization=item, on=date(2026, 11, 25), next_step="Call", expected_version=1, by=desk.actor
    )
    sweep.sweep(clinic=desk.clinic)
    assert kinds() == {}
    with time_machine.travel(datetime(2026, 11, 25, 15, tzinfo=UTC), tick=False):
        assert sweep.sweep(clinic=desk.clinic) == 1
    assert kinds() == {"follow_up_due": 1}


def test_a_follow_up_is_due_when_its_day_begins_at_the_clinic_not_in_greenwich(desk: Desk) -> None:
    desk.authorization(follow_up_on=date(2026, 11, 24))
    with time_machine.travel(datetime(2026, 11, 24, 5, 59, tzinfo=UTC), tick=False):  # 23:59 on Monday in Chicago
        assert sweep.sweep(clinic=desk.clinic) == 0
    with time_machine.travel(datetime(2026, 11, 24, 6, 0, tzinfo=UTC), tick=False):
        assert sweep.sweep(clinic=desk.clinic) == 1
    assert OutboxMessage.objects.get().due_at == datetime(2026, 11, 24, 14, tzinfo=UTC), "08:00 in Chicago"


def test_a_renewal_under_way_silences_the_warning(desk: Desk) -> None:
    item = desk.authorization(ends_on=TODAY + timedelta(days=10))
    work.start_renewal(authorization=item, units=600, expected_version=1, by=desk.actor)
    Authorization.objects.update(follow_up_on=None)
    assert sweep.sweep(clinic=desk.clinic) == 0


def test_the_last_day_still_counts_and_the_next_is_expired(desk: Desk) -> None:
    item = desk.authorization(ends_on=TODAY)
    sweep.sweep(clinic=desk.clinic)
    item.refresh_from_db()
    assert item.status == "approved"
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        sweep.sweep(clinic=desk.clinic)
    item.refresh_from_db()
    assert item.status == "expired"
    event = item.events.get()
    assert (event.kind, event.by_label, event.status_before) == ("expire", "Authorization sweep", "approved")


def test_one_clinics_trouble_does_not_stop_the_others(desk: Desk) -> None:
    broken = factories.make_clinic()
    desk.authorization(follow_up_on=TODAY)
    type(broken).objects.filter(id=broken.id).update(time_zone="Nowhere/Nothing")
    assert sweep.follow_ups() == 1
