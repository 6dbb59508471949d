"""Emptying the outbox: claim a few due messages, judge each afresh, send it, write down what became of it.

Promises, whatever dies in between: no message is lost, and none is sent twice by a provider that can be asked. Each
message stands alone, so one that cannot be made up or sent never holds up another.
"""

import logging
import time
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, transaction

from messaging.channels import gateway_for
from messaging.channels.base import AmbiguousError, Gateway, SendingError, TransientError
from messaging.domain.pace import Pace
from messaging.domain.states import Channel, MessageState
from messaging.models import OutboxMessage
from messaging.services import leases
from messaging.services.judging import End, Ready, Wait, after_failure, judge
from messaging.services.letters import preview

logger = logging.getLogger(__name__)


def pace() -> Pace:
    """The dispatcher's numbers; `settings.OUTBOX_PACE` overrides some."""
    return Pace(**getattr(settings, "OUTBOX_PACE", {}))


def drain() -> int:
    """Send what is due until nothing is, or until the time of one lease is used up; how many messages were handled."""
    numbers = pace()
    stop_at = time.monotonic() + numbers.working_seconds
    handled = 0
    while True:
        owner, ids = leases.claim(numbers)
        done = _work_through(owner, ids, numbers, stop_at)
        handled += done
        if done < numbers.batch or time.monotonic() >= stop_at:
            return handled


def _work_through(owner: str, ids: list[UUID], numbers: Pace, stop_at: float) -> int:
    """Deliver what was claimed, one after the other; give back what there is no time to begin."""
    done = 0
    try:
        for message_id in ids:
            if time.monotonic() >= stop_at:
                break
            done += 1
            _deliver(message_id, owner, numbers)
    finally:
        leases.give_back(owner, ids[done:])
    return done


def _deliver(message_id: UUID, owner: str, numbers: Pace) -> None:
    """Deliver one message; what goes wrong with it stays with it. Only a lost database is raised."""
    try:
        ready = _prepare(message_id, owner, numbers)
    except OperationalError:
        raise
    except Exception as problem:
        logger.exception("A message could not be prepared.")
        error = TransientError("internal", f"It could not be prepared ({type(problem).__name__}).")
        _note_failure(message_id, owner, error, numbers, was_begun=False)
        return
    if ready is None:
        return
    gateway = gateway_for(Channel(ready[0].channel))
    try:
        provider_id = _sent_before(ready[1], gateway) or gateway.send(ready[1].envelope)
    except SendingError as problem:
        was_in_doubt = ready[1].in_doubt_since is not None and not gateway.can_look_up
        _note_failure(message_id, owner, problem, numbers, was_in_doubt=was_in_doubt)
    except Exception as problem:
        logger.exception("A message could not be sent.")
        lost = AmbiguousError("internal", f"Something unforeseen happened ({type(problem).__name__}).")
        _note_failure(message_id, owner, lost, numbers)
    else:
        if not leases.settle(ready[0], owner, MessageState.SENT, provider_id=provider_id):
            logger.warning("A message left after its lease was over; whoever has it now asks the provider first.")


@transaction.atomic
def _prepare(message_id: UUID, owner: str, numbers: Pace) -> tuple[OutboxMessage, Ready] | None:
    """Judge the message under its lock; note that a try begins, or settle or postpone it and return None."""
    message = leases.held(message_id, owner)
    if message is None:
        return None
    verdict = judge(message, numbers)
    if not isinstance(verdict, Ready):
        _apply(message, owner, verdict)
        return None
    shown = preview(message, language=verdict.language, with_secrets=settings.DEMO)
    leases.begin(message, to=verdict.envelope.to, subject=shown.subject, body=shown.body, pace=numbers)
    return message, verdict


def _sent_before(ready: Ready, gateway: Gateway) -> str | None:
    """The provider's id of an earlier try that did leave, if there was one and the provider can be asked."""
    if ready.in_doubt_since is None or not gateway.can_look_up:
        return None
    try:
        return gateway.find(ready.envelope, since=ready.in_doubt_since)
    except TransientError as problem:
        # Nothing was sent just now, but the earlier try is as much in doubt as before.
        raise AmbiguousError(problem.code, problem.sentence) from problem


@transaction.atomic
def _note_failure(
    message_id: UUID,
    owner: str,
    problem: SendingError,
    numbers: Pace,
    *,
    was_begun: bool = True,
    was_in_doubt: bool = False,
) -> None:
    message = leases.held(message_id, owner)
    if message is None:
        return
    if not was_begun:
        leases.count_try(message)
        was_in_doubt = message.in_doubt_since is not None
    verdict = after_failure(message, problem, tries=message.attempts, was_in_doubt=was_in_doubt, pace=numbers)
    _apply(message, owner, verdict)


def _apply(message: OutboxMessage, owner: str, verdict: Wait | End) -> None:
    if isinstance(verdict, End):
        leases.settle(message, owner, verdict.state, error=verdict.error)
    else:
        leases.postpone(message, owner, verdict.until, error=verdict.error, is_in_doubt=verdict.is_in_doubt)
