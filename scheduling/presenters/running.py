"""What runs over, in words: by how much, on whom it knocks, and what it does to the nurses."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from core.templatetags.times import span
from scheduling.domain.running import Knock, Overrun
from scheduling.queries.running import NEVER_MIND


def is_worth_saying(found: Overrun | None) -> bool:
    """Whether an overrun is long enough to speak of."""
    return found is not None and (found.minutes >= NEVER_MIND or found.is_past_closing)


def sentence(found: Overrun, zone: ZoneInfo) -> str:
    """ "Will run 20 min over, until 13:50, and knocks on Keller, D. 13:30." and what it does to the nurses."""
    until = f"{found.until.astimezone(zone):%H:%M}"
    first = f"Will run {span(found.minutes)} over, until {until}"
    if found.knocks:
        first += f", and knocks on {_names(found.knocks, zone)}"
    more = []
    if found.is_past_closing:
        more.append("The clinic is closed by then.")
    if found.short:
        more.append(f"Nurses fall short from {found.short[0].astimezone(zone):%H:%M}.")
    return " ".join([f"{first}.", *more])


def short(found: Overrun, zone: ZoneInfo) -> str:
    """The same for a card: "Ends 20 min late, knocks on Keller, D. 13:30"."""
    if found.knocks:
        return f"Ends {span(found.minutes)} late, knocks on {knock_words(found.knocks[0], zone)}"
    return f"Ends {span(found.minutes)} late, at {found.until.astimezone(zone):%H:%M}"


def knock_words(knock: Knock, zone: ZoneInfo) -> str:
    """Who must wait: "Keller, D. 13:30"."""
    return f"{knock.who} {knock.starts_at.astimezone(zone):%H:%M}"


def _names(knocks: Iterable[Knock], zone: ZoneInfo) -> str:
    return " and ".join(knock_words(knock, zone) for knock in knocks)
