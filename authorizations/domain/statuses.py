"""The statuses of an authorization, the one table of legal moves between them, and what a payer's answer code means.

The table feeds the service, the buttons and the drawn state diagram; nothing else says which move is legal.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Reason, Refusal


class AuthorizationStatus(StrEnum):
    """Where a request for authorization stands."""

    NOT_REQUIRED = "not_required"
    DRAFT = "draft"
    GATHERING_DOCUMENTS = "gathering_documents"
    READY = "ready"
    SUBMITTED = "submitted"
    ACKNOWLEDGED = "acknowledged"
    PENDED = "pended_info_needed"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    APPROVED_PARTIAL = "approved_partial"
    APPROVED_MODIFIED = "approved_modified"
    DENIED = "denied"
    P2P_SCHEDULED = "p2p_scheduled"
    APPEAL_1 = "appeal_1"
    APPEAL_2 = "appeal_2"
    APPEAL_EXTERNAL = "appeal_external"
    OVERTURNED = "overturned"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    SUPERSEDED = "superseded"

    @property
    def label(self) -> str:
        """The status in words."""
        return _LABELS.get(self.value, self.value.replace("_", " ").capitalize())


_LABELS = {
    "pended_info_needed": "Pended: information needed",
    "approved_partial": "Approved in part",
    "approved_modified": "Approved with changes",
    "p2p_scheduled": "Peer-to-peer scheduled",
    "appeal_1": "First appeal",
    "appeal_2": "Second appeal",
    "appeal_external": "External appeal",
    "overturned": "Denial overturned",
    "upheld": "Denial upheld",
}

S = AuthorizationStatus

PREPARING = frozenset({S.DRAFT, S.GATHERING_DOCUMENTS, S.READY})
WITH_PAYER = frozenset({S.SUBMITTED, S.ACKNOWLEDGED, S.PENDED, S.IN_REVIEW})
CONTESTED = frozenset({S.DENIED, S.P2P_SCHEDULED, S.APPEAL_1, S.APPEAL_2, S.APPEAL_EXTERNAL, S.UPHELD})
COVERING = frozenset({S.APPROVED, S.APPROVED_PARTIAL, S.APPROVED_MODIFIED, S.OVERTURNED, S.EXPIRING})
CLOSED = frozenset({S.WITHDRAWN, S.CANCELLED, S.SUPERSEDED})
PENDING = WITH_PAYER | {S.P2P_SCHEDULED, S.APPEAL_1, S.APPEAL_2, S.APPEAL_EXTERNAL}

_APPROVALS = frozenset({S.APPROVED, S.APPROVED_PARTIAL, S.APPROVED_MODIFIED})
_ANSWERS = _APPROVALS | {S.DENIED, S.PENDED, S.NOT_REQUIRED, S.WITHDRAWN, S.CANCELLED}
_ENDINGS = frozenset({S.EXPIRING, S.EXPIRED, S.EXHAUSTED, S.SUPERSEDED, S.CANCELLED})
_RULINGS = frozenset({S.OVERTURNED, S.UPHELD, S.WITHDRAWN})

MOVES: dict[AuthorizationStatus, frozenset[AuthorizationStatus]] = {
    S.NOT_REQUIRED: frozenset({S.DRAFT, S.SUPERSEDED}),
    S.DRAFT: frozenset({S.GATHERING_DOCUMENTS, S.READY, S.SUBMITTED, S.NOT_REQUIRED, S.CANCELLED}),
    S.GATHERING_DOCUMENTS: frozenset({S.DRAFT, S.READY, S.SUBMITTED, S.NOT_REQUIRED, S.CANCELLED}),
    S.READY: frozenset({S.GATHERING_DOCUMENTS, S.SUBMITTED, S.NOT_REQUIRED, S.CANCELLED}),
    S.SUBMITTED: _ANSWERS | {S.ACKNOWLEDGED, S.IN_REVIEW},
    S.ACKNOWLEDGED: _ANSWERS | {S.IN_REVIEW},
    S.PENDED: _ANSWERS - {S.PENDED} | {S.ACKNOWLEDGED, S.IN_REVIEW, S.P2P_SCHEDULED},
    S.IN_REVIEW: _ANSWERS | {S.P2P_SCHEDULED},
    S.APPROVED: _ENDINGS | {S.APPROVED_MODIFIED},
    S.APPROVED_PARTIAL: _ENDINGS | {S.APPROVED, S.APPROVED_MODIFIED, S.P2P_SCHEDULED, S.APPEAL_1},
    S.APPROVED_MODIFIED: _ENDINGS | {S.APPROVED, S.P2P_SCHEDULED, S.APPEAL_1},
    S.DENIED: frozenset({S.P2P_SCHEDULED, S.APPEAL_1, S.OVERTURNED, S.SUPERSEDED, S.WITHDRAWN}),
    S.P2P_SCHEDULED: _RULINGS | _APPROVALS | {S.DENIED, S.APPEAL_1},
    S.APPEAL_1: _RULINGS,
    S.APPEAL_2: _RULINGS,
    S.APPEAL_EXTERNAL: _RULINGS,
    S.OVERTURNED: _ENDINGS | _APPROVALS,
    S.UPHELD: frozenset({S.APPEAL_2, S.APPEAL_EXTERNAL, S.SUPERSEDED, S.WITHDRAWN}),
    S.EXPIRING: frozenset({S.APPROVED, S.APPROVED_MODIFIED, S.EXPIRED, S.EXHAUSTED, S.SUPERSEDED, S.CANCELLED}),
    S.EXHAUSTED: frozenset({S.APPROVED, S.APPROVED_MODIFIED, S.EXPIRED, S.SUPERSEDED}),
    S.EXPIRED: frozenset({S.APPROVED, S.APPROVED_MODIFIED, S.SUPERSEDED}),
    S.WITHDRAWN: frozenset({S.SUPERSEDED}),
    S.CANCELLED: frozenset(),
    S.SUPERSEDED: frozenset(),
}


def can_move(before: AuthorizationStatus, after: AuthorizationStatus) -> bool:
    """Whether the table allows the move."""
    return after in MOVES[before]


def check_move(before: AuthorizationStatus, after: AuthorizationStatus) -> tuple[Reason, ...]:
    """Why an authorization may not go from one status to another.

    Source: statuses of the authorization work flow; confidence K.
    """
    if can_move(before, after):
        return ()
    ways = ", ".join(sorted(status.label.lower() for status in MOVES[before])) or "nothing else: it is closed"
    return (
        Reason(
            "status_move",
            f"An authorization that is “{before.label}” cannot become “{after.label}”. It can become: {ways}.",
            field="status",
        ),
    )


@dataclass(frozen=True)
class PayerAnswer:
    """What a review action code means here. `needs_comparison`: compare every field with what was requested."""

    status: AuthorizationStatus
    meaning: str
    needs_comparison: bool = False
    needs_call: bool = False


REVIEW_ACTIONS: dict[str, PayerAnswer] = {
    "A1": PayerAnswer(S.APPROVED, "certified in total"),
    "A2": PayerAnswer(S.APPROVED_PARTIAL, "certified in part", needs_comparison=True),
    "A3": PayerAnswer(S.DENIED, "not certified"),
    "A4": PayerAnswer(S.PENDED, "pended"),
    "A6": PayerAnswer(S.APPROVED_MODIFIED, "modified", needs_comparison=True),
    "C": PayerAnswer(S.CANCELLED, "cancelled"),
    "CT": PayerAnswer(S.IN_REVIEW, "contact the payer", needs_call=True),
    "NA": PayerAnswer(S.NOT_REQUIRED, "no action required"),
}


def read_review_action(code: str) -> PayerAnswer:
    """What the payer's X12 278 HCR01 code means. Raises Refusal for a code that is not on the list.

    An electronic answer can be complete and still be a denial: only this code says which.

    Source: X12 278 action code list (P42), Da Vinci PAS (P43); confidence P.
    """
    answer = REVIEW_ACTIONS.get(code.strip().upper())
    if answer is None:
        known = ", ".join(REVIEW_ACTIONS)
        raise Refusal("unknown_review_action", f"“{code}” is not a review action code. Known: {known}.", field="code")
    return answer
