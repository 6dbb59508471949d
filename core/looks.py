"""How a state looks: its shape, its word and its tone. Never a rule, only a picture, so any app may ask.

The tables are keyed by the plain value stored in the database. A value that is not listed still gets a
readable chip, so a new status never breaks a page.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """The icon's id in static/icons.svg, the word beside it, and the `chip-*` class that colours both."""

    icon: str
    word: str
    tone: str


VISIT = {
    "held": Look("hourglass", "Held", "plain"),
    "booked": Look("circle-dashed", "Booked", "plain"),
    "confirmed": Look("circle-tick", "Confirmed", "info"),
    "arrived": Look("triangle", "Arrived", "warn"),
    "seated": Look("chair", "Seated", "warn"),
    "infusing": Look("drop", "Infusing", "teal"),
    "observing": Look("eye", "Observation", "violet"),
    "completed": Look("tick", "Done", "calm"),
    "left_early": Look("leave", "Left early", "bad"),
    "no_show": Look("cross", "No-show", "bad"),
    "cancelled": Look("slash", "Cancelled", "calm"),
}

AUTHORIZATION = {
    "missing": Look("octagon", "Missing", "bad"),
    "not_required": Look("tick", "Not required", "calm"),
    "draft": Look("circle-dashed", "Draft", "plain"),
    "gathering_documents": Look("note", "Gathering documents", "info"),
    "ready": Look("circle-tick", "Ready to send", "info"),
    "submitted": Look("hourglass", "Submitted", "info"),
    "acknowledged": Look("hourglass", "Received by payer", "info"),
    "in_review": Look("hourglass", "In review", "info"),
    "pending": Look("hourglass", "Pending", "info"),
    "pended_info_needed": Look("info", "Info requested", "warn"),
    "approved": Look("tick", "Approved", "good"),
    "approved_partial": Look("tick", "Approved in part", "warn"),
    "approved_modified": Look("tick", "Approved, changed", "warn"),
    "denied": Look("octagon", "Denied", "bad"),
    "p2p_scheduled": Look("phone", "Peer-to-peer call", "warn"),
    "appeal_1": Look("octagon", "Denied, in appeal", "bad"),
    "appeal_2": Look("octagon", "Second appeal", "bad"),
    "appeal_external": Look("octagon", "External review", "bad"),
    "overturned": Look("tick", "Approved on appeal", "good"),
    "upheld": Look("octagon", "Denial upheld", "bad"),
    "withdrawn": Look("slash", "Withdrawn", "calm"),
    "cancelled": Look("slash", "Cancelled", "calm"),
    "expiring": Look("warning", "Expiring", "warn"),
    "expired": Look("octagon", "Expired", "bad"),
    "low_units": Look("warning", "Low units", "warn"),
    "exhausted": Look("octagon", "No units left", "bad"),
    "superseded": Look("slash", "Replaced", "calm"),
    "at_risk": Look("octagon", "Visit at risk", "bad"),
}

MESSAGE = {
    "pending": Look("hourglass", "Due", "info"),
    "due": Look("hourglass", "Due", "info"),
    "claimed": Look("hourglass", "Sending", "info"),
    "sending": Look("hourglass", "Sending", "info"),
    "leased": Look("hourglass", "Sending", "info"),
    "sent": Look("tick", "Sent", "good"),
    "delivered": Look("circle-tick", "Delivered", "good"),
    "failed": Look("octagon", "Failed", "bad"),
    "dead": Look("octagon", "Failed", "bad"),
    "expired": Look("warning", "Too late", "warn"),
    "unknown": Look("warning", "Not sure it went", "warn"),
    "suppressed": Look("slash", "Not sent", "calm"),
    "cancelled": Look("slash", "Cancelled", "calm"),
}

REQUEST = {
    "open": Look("message", "To answer", "warn"),
    "proposed": Look("hourglass", "Time proposed", "info"),
    "accepted": Look("tick", "Agreed", "good"),
    "approved": Look("tick", "Agreed", "good"),
    "declined": Look("cross", "Declined", "bad"),
    "withdrawn": Look("slash", "Withdrawn", "calm"),
    "answered": Look("tick", "Answered", "good"),
}

TABLES = {"visit": VISIT, "authorization": AUTHORIZATION, "message": MESSAGE, "request": REQUEST}


def look_of(kind: str, status: str) -> Look:
    """The look of a `status` of a `kind` ("visit", "authorization", "message", "request")."""
    return TABLES.get(kind, {}).get(status) or Look("info", status.replace("_", " ").capitalize(), "calm")


def load_step(need: float, on_shift: float) -> int:
    """The heat strip's step for a quarter hour: under 50, 75 and 90 %, up to 100 %, and over (1 to 5)."""
    if on_shift <= 0:
        return 5 if need > 0 else 1
    share = need / on_shift
    if share > 1:
        return 5
    return 1 + sum(share >= limit for limit in (0.5, 0.75, 0.9))
