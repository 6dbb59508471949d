"""The queue as the page shows it: chips, words, links, filters with counts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse

from authorizations.domain.risk import RiskClass
from authorizations.domain.statuses import COVERING
from authorizations.presenters.acts import ActLink, link, next_act
from authorizations.queries.worklist import AT_RISK, MISSING, QueueFilter, QueueRow

FILTER_WORDS = {
    QueueFilter.ALL: "All open",
    QueueFilter.AT_RISK: "Visit at risk",
    QueueFilter.EXPIRING: "Expiring ≤ 14 d",
    QueueFilter.LOW_UNITS: "Low units",
    QueueFilter.PENDING: "Pending",
    QueueFilter.DENIED: "Denied",
    QueueFilter.MINE: "Mine",
}
_LOOK_OF_RISK = {
    RiskClass.VISIT_UNCOVERED: "at_risk",
    RiskClass.EXPIRES_BEFORE_VISIT: "expiring",
    RiskClass.UNITS_SHORT: "low_units",
    RiskClass.EXPIRING: "expiring",
}
_RENEW = {RiskClass.EXPIRES_BEFORE_VISIT, RiskClass.UNITS_SHORT, RiskClass.EXPIRING}


@dataclass(frozen=True)
class FilterLink:
    """A chip that narrows the queue."""

    label: str
    url: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class RowView:
    """A line of the queue: `row` with its look, its link and the act that comes next."""

    row: QueueRow
    look: str
    note: str
    drug: str
    url: str
    reference: str
    act: ActLink | None
    owner: str

    @property
    def is_at_risk(self) -> bool:
        return self.row.risk.risk in AT_RISK

    @property
    def sentence(self) -> str:
        """Why it is where it is; empty where nothing is the matter."""
        if self.row.risk.risk is not RiskClass.NONE:
            return self.row.risk.sentence
        left = self.row.visits_left
        return f"Units for {left} more visit{'' if left == 1 else 's'}." if self.row.is_low and left is not None else ""

    @property
    def units_not_used(self) -> int | None:
        authorization = self.row.authorization
        if authorization is None or self.row.status not in COVERING:
            return None
        return authorization.units_approved - authorization.units_used


def row_view(row: QueueRow) -> RowView:
    authorization = row.authorization
    order_page = f"{reverse('authorizations:new')}?{urlencode({'order': row.order_id})}"
    return RowView(
        row=row,
        look=_look(row),
        note=f"{row.waited_days} d" if row.waited_days is not None else "",
        drug=drug_words(row.drug, row.dose_mg),
        url=reverse("authorizations:authorization", args=[authorization.id]) if authorization else order_page,
        reference=authorization.reference if authorization else "",
        act=_act(row, order_page),
        owner=_initials(authorization.owner.name) if authorization and authorization.owner else "",
    )


def filters(counted: dict[QueueFilter, int], chosen: QueueFilter) -> list[FilterLink]:
    """All chips, each with its count and its address."""
    base = reverse("authorizations:queue")
    return [
        FilterLink(
            label=words,
            url=base if each is QueueFilter.ALL else f"{base}?{urlencode({'show': each.value})}",
            count=counted[each],
            is_current=each is chosen,
        )
        for each, words in FILTER_WORDS.items()
    ]


def filter_of(text: str) -> QueueFilter:
    """The filter named in the address; everything for any other word."""
    return QueueFilter(text) if text in set(QueueFilter) else QueueFilter.ALL


def next_follow_up_on(rows: list[QueueRow], today: date) -> date | None:
    """The first follow-up after today, for an empty queue's comfort."""
    return min((row.follow_up_on for row in rows if row.follow_up_on and row.follow_up_on > today), default=None)


def drug_words(name: str, dose_mg: Decimal | None) -> str:
    """The drug and its dose: "IVIG 30 g", "Infliximab 400 mg"."""
    if dose_mg is None:
        return name
    amount = f"{dose_mg / 1000:f} g" if dose_mg >= 5000 else f"{dose_mg:f} mg"
    number, unit = amount.split(" ")
    return f"{name} {number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"


def _look(row: QueueRow) -> str:
    if row.status == MISSING or row.status not in COVERING:
        return row.status
    if row.days_to_end is not None and row.days_to_end < 0:
        return "expired"
    return _LOOK_OF_RISK.get(row.risk.risk) or ("low_units" if row.is_low else row.status)


def _act(row: QueueRow, order_page: str) -> ActLink | None:
    if row.authorization is None:
        return ActLink("Start request", order_page, "new")
    if row.waiting is not None and not row.waiting_reasons:
        return link("cover", "Cover visits", row.authorization)
    ends_too_early = row.ends_on is not None and row.next_visit is not None and row.ends_on < row.next_visit.on
    needs_renewal = (row.risk.risk in _RENEW or row.is_low or ends_too_early) and not row.is_renewal_open
    usual = next_act(row.authorization, needs_renewal=needs_renewal)
    if usual is None and row.risk.risk is RiskClass.FOLLOW_UP_OVERDUE:
        return link("follow-up", "Follow up", row.authorization)
    return usual


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:3]).upper()
