"""Which acts an authorization offers now, as links: the next step first."""

from dataclasses import dataclass, replace

from django.urls import reverse

from authorizations.domain.answers import Outcome
from authorizations.domain.statuses import COVERING, MOVES, PENDING, PREPARING, AuthorizationStatus
from authorizations.models import Authorization
from authorizations.services.work import APPEALABLE, ENDS, STEPS

S = AuthorizationStatus


@dataclass(frozen=True)
class ActLink:
    """A link to the page of an act."""

    label: str
    url: str
    name: str = ""
    is_next: bool = False


def link(name: str, label: str, authorization: Authorization) -> ActLink:
    return ActLink(label, reverse(f"authorizations:{name}", args=[authorization.id]), name)


def next_act(authorization: Authorization, *, needs_renewal: bool) -> ActLink | None:
    """The act that usually comes next; None where nothing is to be done."""
    status = S(authorization.status)
    if status in PREPARING:
        return link("submit", "Send request", authorization)
    if status is S.PENDED:
        return link("call", "Send info", authorization)
    if status in {S.DENIED, S.UPHELD}:
        return link("appeal", "Appeal", authorization)
    if status in PENDING:
        return link("call", "Chase payer", authorization)
    if needs_renewal or status in {S.EXPIRED, S.EXHAUSTED}:
        return link("renewal", "Renew", authorization)
    return None


def all_acts(authorization: Authorization, following: ActLink | None) -> tuple[ActLink, ...]:
    """Every act that the status allows; the one that usually comes next is marked."""
    status = S(authorization.status)
    legal = MOVES[status]
    offered = [
        ("submit", "Send request", S.SUBMITTED in legal),
        ("answer", "Record answer", any(o.status in legal or o.status is status for o in Outcome)),
        ("call", "Log a call", True),
        ("follow-up", "Next follow-up", True),
        ("renewal", "Start renewal", status in COVERING | {S.EXPIRED, S.EXHAUSTED}),
        ("appeal", "Appeal", status in APPEALABLE),
        ("step", "Move along", bool(legal & STEPS)),
        ("assign", "Owner", True),
        ("close", "Close", bool(legal & ENDS)),
    ]
    links = (link(name, label, authorization) for name, label, is_offered in offered if is_offered)
    return tuple(replace(each, is_next=following is not None and each.name == following.name) for each in links)
