"""Checking the record against its seals: says what was altered, added, taken away or cut off, and names the first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from audit.domain.chain import FIRST_LINK, first_difference, link
from audit.models import AuditEvent, AuditSeal
from audit.services.seal import prints_between

_HEAD = re.compile(r"seal (\d+) ([0-9a-f]{64})")


@dataclass(frozen=True)
class Verdict:
    """What the check found. `problem` is the first thing wrong, or None; `head` the last seal, to keep elsewhere."""

    seals: int
    events: int
    unsealed: int
    head: str
    problem: str | None


def verify(*, heads: Iterable[str] = ()) -> Verdict:
    """Check every seal in order. `heads` are lines kept elsewhere, such as the log's: ``seal <number> <digest>``."""
    kept = {int(found[1]): found[2] for line in heads if (found := _HEAD.search(line))}
    previous, after, number, events = FIRST_LINK, 0, 0, 0
    problem: str | None = None
    for seal in AuditSeal.objects.order_by("number").iterator(chunk_size=50):
        problem = _check(seal, number + 1, previous, after, kept.get(seal.number))
        if problem:
            break
        previous, after, number = seal.digest, seal.last_transaction, seal.number
        events += seal.event_count
    if problem is None and kept and max(kept) > number:
        problem = f"The tail was cut off: seal {max(kept)} was made, but the last one here is {number}."
    unsealed = AuditEvent.objects.filter(transaction_id__gt=after).count()
    head = f"seal {number} {previous}"
    return Verdict(seals=number, events=events, unsealed=unsealed, head=head, problem=problem)


def _check(seal: AuditSeal, expected: int, previous: str, after: int, kept: str | None) -> str | None:
    if seal.number != expected:
        return f"Seal {expected} is missing; the next one is {seal.number}."
    if kept is not None and kept != seal.digest:
        return f"Seal {seal.number} is not the one that was made: its digest differs from the copy kept elsewhere."
    prints = list(prints_between(after, seal.last_transaction))
    digest = link(previous=previous, number=seal.number, last_transaction=seal.last_transaction, prints=prints)
    if digest == seal.digest and len(prints) == seal.event_count:
        return None
    what = first_difference(bytes(seal.prints), prints)
    return f"Seal {seal.number} of {seal.sealed_at:%Y-%m-%d %H:%M} UTC is broken: {what}."
