"""A message is held for as long as the conversation with its provider can take."""

from datetime import timedelta

import pytest
from django.db import connection

from messaging.channels.base import Envelope
from messaging.channels.sms_http import HttpGateway
from messaging.domain.pace import Pace
from messaging.domain.states import MessageState
from messaging.services import dispatch, leases
from tests.messaging.conftest import Write
from tests.messaging.provider import Provider
from tests.messaging.test_dispatch import state


def test_a_message_begun_at_the_end_of_its_lease_is_held_until_the_longest_conversation_is_over(
    write: Write,
) -> None:
    message, waiting = write(), write()
    pace = Pace(batch=1, lease_seconds=5)
    owner, (first,) = leases.claim(pace)
    assert first == message.id
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (before,) = cursor.fetchone()
    leases.begin(message, to=message.to, subject="", body="", pace=pace)
    message.refresh_from_db()
    assert message.in_doubt_since is not None
    assert message.lease_until is not None
    assert message.lease_until - before >= timedelta(seconds=pace.conversation_seconds)
    assert (state(message), state(waiting)) == ("leased", "pending")
    assert leases.settle(message, owner, MessageState.SENT)


def test_beginning_never_makes_a_lease_shorter(write: Write) -> None:
    message = write()
    leases.claim(Pace())
    message.refresh_from_db()
    until = message.lease_until
    leases.begin(message, to="", subject="", body="", pace=Pace(longest_conversation_steps=1))
    message.refresh_from_db()
    assert message.lease_until == until


def test_while_a_worker_talks_to_the_provider_its_message_is_held_for_the_whole_conversation(
    write: Write, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write()
    left: list[float] = []
    send = HttpGateway.send

    def look_and_send(gateway: HttpGateway, envelope: Envelope) -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM lease_until - clock_timestamp()) FROM messaging_outboxmessage WHERE id = %s",
                [message.id],
            )
            left.append(float(cursor.fetchone()[0]))
        return send(gateway, envelope)

    monkeypatch.setattr(HttpGateway, "send", look_and_send)
    monkeypatch.setattr(dispatch, "pace", lambda: Pace(lease_seconds=25))
    dispatch.drain()
    assert left[0] > Pace().conversation_seconds - 5
