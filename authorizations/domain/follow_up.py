"""When to chase a payer: receipt after 1 business day, status after 3, then every 2 until there is an answer."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count as itertools_count
from itertools import islice

from authorizations.domain.business_days import add_business_days
from authorizations.domain.settings import AUTHORIZATION_DEFAULTS
from authorizations.domain.statuses import PENDING, AuthorizationStatus
from regimens.domain.open_days import OpenDays


def follow_up_dates(
    *,
    submitted_on: date,
    calendar: OpenDays,
    count: int,
    offsets: Sequence[int] = AUTHORIZATION_DEFAULTS.follow_up_business_days,
    then_every: int = AUTHORIZATION_DEFAULTS.follow_up_every_business_days,
) -> tuple[date, ...]:
    """The first follow-ups after a submission, in business days.

    Source: usual practice of authorization desks; confidence K.
    """
    days = islice(_offsets(offsets, then_every), count)
    return tuple(add_business_days(submitted_on, offset, calendar=calendar) for offset in days)


def _offsets(first: Sequence[int], then_every: int) -> Iterator[int]:
    yield from first
    yield from islice(itertools_count(first[-1] if first else 0, max(1, then_every)), 1, None)


def next_follow_up(
    *,
    status: AuthorizationStatus,
    submitted_on: date | None,
    today: date,
    calendar: OpenDays,
    offsets: Sequence[int] = AUTHORIZATION_DEFAULTS.follow_up_business_days,
    then_every: int = AUTHORIZATION_DEFAULTS.follow_up_every_business_days,
) -> date:
    """The next follow-up to propose after something was done today.

    Pended is answered the same day; a request with the payer follows the cadence; anything else is looked at again
    after the usual number of business days.

    Source: usual practice of authorization desks; confidence K.
    """
    if status is AuthorizationStatus.PENDED:
        return add_business_days(today, 0 if calendar.is_open(today) else 1, calendar=calendar)
    if submitted_on is not None and status in PENDING:
        days = (add_business_days(submitted_on, n, calendar=calendar) for n in _offsets(offsets, then_every))
        return next(day for day in days if day > today)
    return add_business_days(today, then_every, calendar=calendar)
