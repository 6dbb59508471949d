"""What must be true of the tables after any act, asked in plain SQL and never of the code that is being tested.

`findings` names whatever is wrong, one line each. `assert_sound` is what storms and the state machine end with. Its
control twins (test_invariants) plant each wrong thing and see it reported.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from scheduling.domain.statuses import MOVES, VisitStatus

GONE = "('cancelled', 'no_show')"
_MOVES = ", ".join(f"('{before.value}', '{after.value}')" for before, after in sorted(MOVES))
_STATUSES = ", ".join(f"'{status.value}'" for status in VisitStatus)

Excess = Mapping[tuple[UUID, datetime, str], int]
"""Clinic, quarter hour and what there is too much of ("load", "starts"): by how much."""

_LINES = """
    SELECT visit_id, at, id, kind, before ->> 'status' AS was, after ->> 'status' AS now,
           lag(after ->> 'status') OVER (PARTITION BY visit_id ORDER BY at, id) AS prior,
           row_number() OVER (PARTITION BY visit_id ORDER BY at DESC, id DESC) AS back
      FROM scheduling_visitevent WHERE after ? 'status'
"""
_PLACES = """
    SELECT DISTINCT ON (visit_id) visit_id, (after ->> 'chair_id')::uuid AS chair_id,
           (after ->> 'start')::timestamptz AS starts_at, (after ->> 'end')::timestamptz AS ends_at
      FROM scheduling_visitevent WHERE after ? 'chair_id' ORDER BY visit_id, at DESC, id DESC
"""
_HELD_UNITS = """
    SELECT entry.visit_id, entry.authorization_id, sum(reserved_change) AS reserved, sum(used_change) AS used
      FROM authorizations_ledgerentry entry GROUP BY entry.visit_id, entry.authorization_id
"""

_NEEDS = f"""
    SELECT clinic_id, lower(period) + (ordinal - 1) * interval '15 min' AS at, sum(part.load) AS load,
           count(*) FILTER (WHERE ordinal - 1 = start_quarter) AS starts
      FROM scheduling_visit CROSS JOIN unnest(load_profile) WITH ORDINALITY AS part(load, ordinal)
     WHERE status NOT IN {GONE} GROUP BY clinic_id, at
"""


def _overlaps(of: str) -> str:
    """Visits that begin before an earlier one of the same chair or patient has ended."""
    return f"""
        SELECT id, period FROM (
            SELECT id, period, max(upper(period)) OVER (PARTITION BY {of} ORDER BY lower(period), id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
              FROM scheduling_visit WHERE status NOT IN {GONE}) visit WHERE lower(period) < until"""


PLACES: dict[str, str] = {
    "two visits in a chair": _overlaps("chair_id"),
    "a patient in two places": _overlaps("patient_id"),
    "a day of a course booked twice": f"""
        SELECT course_day_id, count(*) FROM scheduling_visit WHERE status NOT IN {GONE}
         GROUP BY course_day_id HAVING count(*) > 1""",
    "capacity has drifted": f"""
        SELECT slot.starts_at, ROW(load_used, need.load, starts_used, need.starts)
          FROM scheduling_capacityslot slot
          LEFT JOIN ({_NEEDS}) need ON need.clinic_id = slot.clinic_id AND need.at = slot.starts_at
         WHERE load_used <> coalesce(need.load, 0) OR starts_used <> coalesce(need.starts, 0)""",
    "more used than capacity and overrides": """
        SELECT starts_at, ROW(load_used, load_cap, override_load, starts_used, starts_cap, override_starts)
          FROM scheduling_capacityslot
         WHERE load_used > load_cap + override_load OR starts_used > starts_cap + override_starts""",
    "a visit outside all capacity": f"""
        SELECT need.clinic_id, need.at FROM ({_NEEDS}) need
          LEFT JOIN scheduling_capacityslot slot ON slot.clinic_id = need.clinic_id AND slot.starts_at = need.at
         WHERE slot.starts_at IS NULL""",
    "a load that does not fit its period": """
        SELECT id, period FROM scheduling_visit
         WHERE cardinality(load_profile) * interval '15 min' <> upper(period) - lower(period)
            OR start_quarter >= cardinality(load_profile)""",
    "an override that the visit does not name": """
        SELECT id, overrides FROM scheduling_visit
         WHERE is_over_capacity <> (overrides @? '$[*] ? (@.code == "nurse_load" || @.code == "nurse_starts")')""",
    "a booked visit that is still held": f"""
        SELECT id, status FROM scheduling_visit
         WHERE (status = 'held') <> (hold_until IS NOT NULL) AND status NOT IN {GONE}""",
}
HISTORY: dict[str, str] = {
    "a status nobody knows": f"SELECT id, status FROM scheduling_visit WHERE status NOT IN ({_STATUSES})",
    "a visit without a history": """
        SELECT id, status FROM scheduling_visit visit
         WHERE NOT EXISTS (SELECT FROM scheduling_visitevent event WHERE event.visit_id = visit.id)""",
    "a history that does not begin with a booking": f"""
        SELECT visit_id, kind FROM ({_LINES}) line
         WHERE prior IS NULL AND ROW(kind, now) NOT IN (('book', 'booked'), ('hold', 'held'))""",
    "a history with a gap": f"""
        SELECT visit_id, ROW(kind, prior, was) FROM ({_LINES}) line WHERE was <> prior""",
    "an illegal step": f"""
        SELECT visit_id, ROW(kind, prior, now) FROM ({_LINES}) line
         WHERE prior <> now AND ROW(prior, now) NOT IN ({_MOVES})""",
    "a status that the history does not tell": f"""
        SELECT visit.id, ROW(line.now, visit.status) FROM scheduling_visit visit
          JOIN ({_LINES}) line ON line.visit_id = visit.id AND line.back = 1 WHERE line.now <> visit.status""",
    "a place that the history does not tell": f"""
        SELECT visit.id, ROW(place.*, visit.chair_id, visit.period) FROM scheduling_visit visit
          LEFT JOIN ({_PLACES}) place ON place.visit_id = visit.id
         WHERE place.visit_id IS NULL OR place.chair_id <> visit.chair_id OR place.starts_at <> lower(visit.period)
            OR CASE WHEN visit.status IN ('completed', 'left_early') THEN place.ends_at < upper(visit.period)
                    ELSE place.ends_at <> upper(visit.period) END""",
}
UNITS: dict[str, str] = {
    "units that the ledger does not add up to": """
        SELECT held.id, ROW(units_reserved, units_used, reserved, used, units_approved)
          FROM authorizations_authorization held CROSS JOIN LATERAL (
            SELECT coalesce(sum(reserved_change), 0) AS reserved, coalesce(sum(used_change), 0) AS used
              FROM authorizations_ledgerentry entry WHERE entry.authorization_id = held.id) line
         WHERE units_reserved <> reserved OR units_used <> used
            OR (units_reserved + units_used > units_approved AND held.status <> 'not_required')""",
    "units kept by a visit that takes none": f"""
        SELECT visit.id, ROW(visit.status, held.reserved, held.used)
          FROM scheduling_visit visit JOIN ({_HELD_UNITS}) held ON held.visit_id = visit.id
         WHERE (visit.status IN {GONE} OR held.authorization_id IS DISTINCT FROM visit.authorization_id)
           AND (held.reserved <> 0 OR held.used <> 0)""",
    "a visit whose units are not reserved": f"""
        SELECT visit.id, ROW(visit.status, visit.units, held.reserved, held.used)
          FROM scheduling_visit visit
          JOIN authorizations_authorization paid ON paid.id = visit.authorization_id AND paid.status <> 'not_required'
          LEFT JOIN ({_HELD_UNITS}) held ON held.visit_id = visit.id AND held.authorization_id = paid.id
         WHERE visit.status NOT IN ('completed', 'left_early', 'cancelled', 'no_show')
           AND (coalesce(held.reserved, 0) <> visit.units OR coalesce(held.used, 0) <> 0)""",
    "a visit that is over and keeps units reserved": f"""
        SELECT visit.id, ROW(visit.status, held.reserved)
          FROM scheduling_visit visit JOIN ({_HELD_UNITS}) held ON held.visit_id = visit.id
         WHERE visit.status IN ('completed', 'left_early') AND held.reserved <> 0""",
}
WAITING: dict[str, str] = {
    "an open offer whose place is not held": """
        SELECT offer.id, visit.status FROM scheduling_offer offer
          JOIN scheduling_visit visit ON visit.id = offer.held_visit_id
         WHERE offer.state = 'open' AND visit.status <> 'held'""",
    "a place held for an offer that is over": """
        SELECT offer.id, offer.state FROM scheduling_offer offer
          JOIN scheduling_visit visit ON visit.id = offer.held_visit_id
         WHERE offer.state <> 'open' AND visit.status = 'held'""",
    "one place offered to two": """
        SELECT a.id, b.id FROM scheduling_offer a JOIN scheduling_offer b
            ON a.id < b.id AND a.chair_id = b.chair_id AND a.starts_at = b.starts_at
         WHERE a.state = 'open' AND b.state = 'open'""",
    "an open offer to somebody who does not wait": """
        SELECT offer.id, entry.state FROM scheduling_offer offer
          JOIN scheduling_waitlistentry entry ON entry.id = offer.entry_id
         WHERE offer.state = 'open' AND entry.state <> 'waiting'""",
    "waiting for a place that they have": f"""
        SELECT entry.id, visit.id FROM scheduling_waitlistentry entry
          JOIN scheduling_visit visit ON visit.course_day_id = entry.course_day_id
         WHERE entry.state = 'waiting' AND entry.visit_id IS NULL AND visit.status NOT IN {GONE}
           AND visit.status <> 'held'""",
    "waiting for a better time of a visit that is over": """
        SELECT entry.id, visit.status FROM scheduling_waitlistentry entry
          JOIN scheduling_visit visit ON visit.id = entry.visit_id
         WHERE entry.state = 'waiting' AND visit.status IN ('completed', 'left_early', 'no_show', 'cancelled')""",
    "a request about a visit that can't be moved": """
        SELECT request.id, visit.status FROM scheduling_moverequest request
          JOIN scheduling_visit visit ON visit.id = request.visit_id
         WHERE request.state = 'open' AND visit.status NOT IN ('booked', 'confirmed')""",
}
CHECKS = PLACES | HISTORY | UNITS | WAITING

_EXCESS = """
    SELECT clinic_id, starts_at, kind, excess FROM scheduling_capacityslot slot
      CROSS JOIN LATERAL (VALUES ('load', load_used - load_cap), ('starts', starts_used - starts_cap))
        AS part(kind, excess)
     WHERE excess > 0
"""
_NAMELESS = f"""
    {_EXCESS} AND NOT EXISTS (
        SELECT FROM scheduling_visit visit CROSS JOIN LATERAL jsonb_array_elements(visit.overrides) AS named
         WHERE visit.clinic_id = slot.clinic_id AND visit.period @> slot.starts_at AND visit.status NOT IN {GONE}
           AND named ->> 'code' = 'nurse_' || part.kind AND named ->> 'reason' <> '' AND named ->> 'by' <> '')
"""


def findings(*, excused: Excess | None = None) -> list[str]:
    """Everything that is wrong. `excused` is too much already: nurses who left after the visits were booked."""
    parts = [
        f"SELECT '{name.replace(chr(39), chr(39) * 2)}', f.a::text, f.b::text FROM ({sql}) AS f(a, b)"
        for name, sql in CHECKS.items()
    ]
    found = [f"{name}: {one} {other}" for name, one, other in rows(" UNION ALL ".join(parts))]
    known = excused or {}
    for (clinic_id, at, kind), count in nameless_excess().items():
        if count > known.get((clinic_id, at, kind), 0):
            found.append(f"over capacity without a name: {kind} at {at} by {count}")
    return found


def excess() -> dict[tuple[UUID, datetime, str], int]:
    """Quarter hours with more than the nurses can carry."""
    return {(clinic_id, at, kind): count for clinic_id, at, kind, count in rows(_EXCESS)}


def nameless_excess() -> dict[tuple[UUID, datetime, str], int]:
    """Those of them where no visit names an override for it."""
    return {(clinic_id, at, kind): count for clinic_id, at, kind, count in rows(_NAMELESS)}


def assert_sound(*, excused: Excess | None = None) -> None:
    """Nothing is wrong in the tables."""
    found = findings(excused=excused)
    assert found == [], "\n".join(found[:40])


def dead_holds(now: datetime) -> list[Any]:
    """Places that are held although their time ran out."""
    return rows("SELECT id FROM scheduling_visit WHERE status = 'held' AND hold_until <= %s", now)


def rows(sql: str, *values: Any) -> list[Any]:
    """What `sql` finds; one mapping is its values by name."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values[0] if values and isinstance(values[0], dict) else values or None)
        return list(cursor.fetchall())


@contextmanager
def no_deadlock() -> Iterator[None]:
    """PostgreSQL counts no deadlock meanwhile: one that a retry hid is found as well."""
    connection.close()
    standing = _clients()
    before = _deadlocks()
    yield
    connection.close()  # connections tell theirs when they end, so all that came meanwhile have to
    deadline = time.monotonic() + 30
    while _clients() - standing:
        assert time.monotonic() < deadline, "a connection was left open"
        time.sleep(0.02)
    assert _deadlocks() == before, "transactions waited for each other in a circle"


def _clients() -> set[int]:
    """The other connections to this database, by their processes; the server's own are none."""
    others = """
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    """
    return {int(row[0]) for row in rows(others)}


def _deadlocks() -> int:
    return int(rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0])
