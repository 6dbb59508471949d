"""One visit as an iCalendar file (RFC 5545). It says "Appointment" and where, never what for. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

_LINE_OCTETS = 75


@dataclass(frozen=True, kw_only=True)
class CalendarVisit:
    """What a calendar may know of a visit. `place` is the clinic's neutral name and its address."""

    visit_id: UUID
    version: int
    start: datetime
    end: datetime
    changed_at: datetime
    place: str
    phone: str
    is_cancelled: bool


def calendar_file(visit: CalendarVisit) -> str:
    """The file's text. The same visit keeps its UID, and each change raises SEQUENCE, so calendars replace it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Infusion Clinic//Appointments//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{visit.visit_id}@appointments.invalid",
        f"SEQUENCE:{visit.version}",
        f"DTSTAMP:{_utc(visit.changed_at)}",
        f"LAST-MODIFIED:{_utc(visit.changed_at)}",
        f"DTSTART:{_utc(visit.start)}",
        f"DTEND:{_utc(visit.end)}",
        "SUMMARY:Appointment",
        f"LOCATION:{_escaped(visit.place)}",
        f"DESCRIPTION:{_escaped(f'To change it, call {visit.phone}.')}",
        f"STATUS:{'CANCELLED' if visit.is_cancelled else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """Backslash, semicolon, comma and line ends, as section 3.3.11 wants them; other control characters are dropped."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(letter for letter in text if letter == "\n" or letter >= " ")
    for mark, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(mark, written)
    return text


def _folded(line: str) -> str:
    """Lines of at most 75 octets, broken between characters; a continuation begins with a space."""
    parts, part, room = [], "", _LINE_OCTETS
    for letter in line:
        size = len(letter.encode())
        if size > room:
            parts.append(part)
            part, room = "", _LINE_OCTETS - 1
        part += letter
        room -= size
    return "\r\n ".join([*parts, part])
