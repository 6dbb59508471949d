"""The outbox as people see it: each message as its recipient reads it, and the filters of the list."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings

from core.looks import look_of
from messaging.domain.kinds import kind_of
from messaging.domain.states import OPEN, Channel
from messaging.models import OutboxMessage
from messaging.queries import languages
from messaging.services.letters import Letter, preview

ORDER = ("pending", "leased", "sent", "delivered", "unknown", "dead", "expired", "cancelled")
_CODE = re.compile(r"^[a-z0-9_]+: ")  # an error starts with a word for programs


@dataclass(frozen=True, kw_only=True)
class Card:
    """One message on the page."""

    id: str
    kind: str
    state: str
    is_sms: bool
    is_open: bool
    recipient: str
    patient_id: UUID | None
    to: str
    sender: str
    at: datetime
    letter: Letter
    trouble: str
    tries: int


@dataclass(frozen=True)
class FilterLink:
    """A chip that narrows the list."""

    label: str
    url: str
    count: int | None
    is_current: bool


def cards(messages: Iterable[OutboxMessage]) -> list[Card]:
    """The cards for `messages`; two SQL statements at most, one of them the messages' own."""
    found = list(messages)
    spoken = languages(found)
    return [_card(message, spoken.get(message.patient_id, "en")) for message in found]


def state_links(states: Counter[str], *, state: str, kind: str) -> list[FilterLink]:
    """A chip for each state that occurs, and one for all."""
    links = [FilterLink("All", _address(kind=kind), states.total(), not state)]
    for value in ORDER:
        if states[value] or value == state:
            word = look_of("message", value).word
            links.append(FilterLink(word, _address(state=value, kind=kind), states[value], value == state))
    return links


def kind_links(kinds: Counter[str], *, state: str, kind: str) -> list[FilterLink]:
    """A chip for each kind that occurs, and one for all."""
    every = FilterLink("Every kind", _address(state=state), None, not kind)
    names = sorted(kinds, key=lambda name: kind_of(name).label)
    return [
        every,
        *(
            FilterLink(kind_of(name).label, _address(state=state, kind=name), kinds[name], name == kind)
            for name in names
        ),
    ]


def _card(message: OutboxMessage, language: str) -> Card:
    letter = Letter(message.rendered_subject, message.rendered_body)
    if not message.rendered_body:
        letter = preview(message, language=language, with_secrets=settings.DEMO)
    is_open = message.state in {state.value for state in OPEN}
    return Card(
        id=str(message.id),
        kind=kind_of(message.kind).label,
        state=message.state,
        is_sms=message.channel == Channel.SMS,
        is_open=is_open,
        recipient=message.recipient_name,
        patient_id=message.patient_id,
        to=message.to,
        sender=message.clinic.public_name,
        at=message.due_at if is_open else (message.settled_at or message.due_at),
        letter=letter,
        trouble=_CODE.sub("", message.last_error),
        tries=message.attempts,
    )


def _address(**filters: str) -> str:
    return "?" + urlencode({name: value for name, value in filters.items() if value})
