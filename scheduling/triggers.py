"""The database's side of booking: what holds even against raw SQL, bulk writes and mistakes.

LOCK_CAPACITY runs BEFORE and only locks capacity rows, in key order, so that it leaves no trace when ON CONFLICT drops
the row. COUNT_CAPACITY runs AFTER and adds up; the CHECKs of `CapacitySlot` refuse (docs/adr/0002).
"""

import pgtrigger

from scheduling.domain.statuses import MOVES, OCCUPYING

_OCCUPYING_SQL = "(" + ", ".join(f"'{status.value}'" for status in sorted(OCCUPYING)) + ")"
_MOVES_SQL = ", ".join(f"('{before.value}', '{after.value}')" for before, after in sorted(MOVES))

_SAME_PLACE = f"""
    TG_OP = 'UPDATE' AND OLD.clinic_id = NEW.clinic_id AND OLD.period = NEW.period
    AND OLD.load_profile = NEW.load_profile AND OLD.start_quarter = NEW.start_quarter
    AND (OLD.status IN {_OCCUPYING_SQL}) = (NEW.status IN {_OCCUPYING_SQL})
"""

STATUS_MOVES = pgtrigger.Trigger(
    name="status_moves",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("status"),  # type: ignore[no-untyped-call]
    func=f"""
        IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN ({_MOVES_SQL}) THEN
            RAISE EXCEPTION 'visit may not move from % to %', OLD.status, NEW.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_status_moves';
        END IF;
        RETURN NEW;
    """,
)

LOCK_CAPACITY = pgtrigger.Trigger(
    name="lock_capacity",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        IF {_SAME_PLACE} THEN
            RETURN NEW;
        END IF;
        IF cardinality(NEW.load_profile) * interval '15 minutes' <> upper(NEW.period) - lower(NEW.period)
           OR NEW.start_quarter >= cardinality(NEW.load_profile)
           OR extract(epoch FROM lower(NEW.period))::bigint % 900 <> 0
           OR NOT lower_inc(NEW.period) OR upper_inc(NEW.period)
           OR upper(NEW.period) - lower(NEW.period) > interval '24 hours' THEN
            RAISE EXCEPTION 'visit period does not fit the quarter-hour grid or its load profile'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_period_on_grid';
        END IF;
        PERFORM 1 FROM scheduling_capacityslot slot
          WHERE (slot.clinic_id = NEW.clinic_id
                 AND slot.starts_at >= lower(NEW.period) AND slot.starts_at < upper(NEW.period))
             OR (TG_OP = 'UPDATE' AND slot.clinic_id = OLD.clinic_id
                 AND slot.starts_at >= lower(OLD.period) AND slot.starts_at < upper(OLD.period))
          ORDER BY slot.clinic_id, slot.starts_at
            FOR UPDATE;
        RETURN NEW;
    """,
)


def _takes(row: str, sign: str) -> str:
    """What `row` takes of each quarter hour, as SQL; nothing while it does not occupy its place."""
    return f"""
        SELECT {row}.clinic_id AS clinic_id, lower({row}.period) + (ordinal - 1) * interval '15 minutes' AS at,
               {sign}part.load AS load, {sign}(CASE WHEN ordinal - 1 = {row}.start_quarter THEN 1 ELSE 0 END) AS starts
          FROM unnest({row}.load_profile) WITH ORDINALITY AS part(load, ordinal)
         WHERE {row}.status IN {_OCCUPYING_SQL}
    """


_ADD_UP = """
    UPDATE scheduling_capacityslot slot
       SET load_used = slot.load_used + need.load,
           override_load = greatest(0, CASE WHEN NEW.is_over_capacity
               THEN slot.load_used + need.load - slot.load_cap
               ELSE least(slot.override_load, slot.load_used + need.load - slot.load_cap) END),
           starts_used = slot.starts_used + need.starts,
           override_starts = greatest(0, CASE WHEN NEW.is_over_capacity
               THEN slot.starts_used + need.starts - slot.starts_cap
               ELSE least(slot.override_starts, slot.starts_used + need.starts - slot.starts_cap) END)
      FROM (SELECT clinic_id, at, sum(load) AS load, sum(starts) AS starts
              FROM ({takes}) AS part GROUP BY clinic_id, at) need
     WHERE slot.clinic_id = need.clinic_id AND slot.starts_at = need.at;
"""
# Old and new are netted per quarter hour before they are added: taking the old away first would let an override shrink
# that the new still needs.

COUNT_CAPACITY = pgtrigger.Trigger(
    name="count_capacity",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        IF {_SAME_PLACE} THEN
            RETURN NULL;
        END IF;
        IF TG_OP = 'UPDATE' THEN
            {_ADD_UP.format(takes=_takes("OLD", "-") + " UNION ALL " + _takes("NEW", ""))}
        ELSE
            {_ADD_UP.format(takes=_takes("NEW", ""))}
        END IF;
        IF NEW.status IN {_OCCUPYING_SQL}
           AND cardinality(NEW.load_profile) <> (
                SELECT count(*) FROM scheduling_capacityslot slot
                 WHERE slot.clinic_id = NEW.clinic_id
                   AND slot.starts_at >= lower(NEW.period) AND slot.starts_at < upper(NEW.period)) THEN
            RAISE EXCEPTION 'the clinic is closed for part of this visit'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'visit_within_opening_hours';
        END IF;
        RETURN NULL;
    """,
)
