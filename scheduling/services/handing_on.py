"""The visits of a nurse who is away: each gets the nurse who can best take it, or none yet."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from accounts.models import Clinic, User
from core.actor import Actor
from core.intervals import Interval
from scheduling.domain.assignment import propose
from scheduling.queries import floor
from scheduling.services import assignment


def hand_on(nurse: User, clinic: Clinic, away: Interval, by: Actor) -> list[dict[str, Any]]:
    """Give the visits that `nurse` has during `away` to the nurses who are there, balanced by load.

    Returns a change for each, as a disruption keeps it.
    """
    zone = clinic.zone
    changes: list[dict[str, Any]] = []
    on, last_on = away.start.astimezone(zone).date(), away.end.astimezone(zone).date()
    while on <= last_on:
        nurses = floor.nurses_on(clinic, on)
        visits = floor.to_assign(clinic, on)
        mine = {
            visit.id: visit
            for visit in visits
            if visit.nurse_id == nurse.id and Interval(visit.period.lower, visit.period.upper).overlaps(away)
        }
        stays = [floor.stay_of(visit, nurses) for visit in visits if visit.nurse_id is not None]
        stays = [replace(stay, nurse_id=None) if stay.visit_id in mine else stay for stay in stays]
        found = propose(stays, [one for one in nurses if one.nurse_id != nurse.id])
        choices = {key: (found[key], visit.version) for key, visit in mine.items()}
        assignment.assign_day(clinic=clinic, choices=choices, by=by)
        names = {one.nurse_id: one.name for one in nurses}
        changes += [
            {
                "visit": str(key),
                "patient": str(visit.patient_id),
                "do": "nurse",
                "nurse": names.get(chosen, "") if (chosen := found[key]) else "",
            }
            for key, visit in mine.items()
        ]
        on += timedelta(days=1)
    return changes
