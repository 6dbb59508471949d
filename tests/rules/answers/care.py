"""Worked examples of labs, vaccines, reminders, staffing and the clearance gate."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from core.intervals import Interval
from messaging.domain.content import check_message
from messaging.domain.quiet_hours import QuietHours, next_allowed
from messaging.domain.reminders import OFFSETS_DAYS, SEND_AT, reminder_times
from messaging.domain.replies import is_opt_out
from patients.domain.labs import is_valid
from patients.domain.vaccines import live_vaccine_not_before
from scheduling.domain.clearance import Findings, decide_findings
from scheduling.domain.staffing import concurrent_capacity, staggered_starts
from tests.rules.answers.shapes import Answer, Inputs, day, moment


def overlap(i: Inputs) -> dict[str, Any]:
    def interval(pair: list[str]) -> Interval:
        start, end = (moment(each).replace(tzinfo=UTC) for each in pair)
        return Interval(start, end)

    asked = interval(i["a"])
    return {"conflict": [asked.overlaps(interval(other)) for other in i["others"]]}


def starts(i: Inputs) -> dict[str, Any]:
    opens = datetime.combine(day("2026-11-24"), time.fromisoformat(i["open"]), tzinfo=UTC)
    times = staggered_starts(opens_at=opens, patients=i["patients"], nurses=i["nurses"], slot_minutes=i["slot_minutes"])
    return {"starts": [f"{at:%H:%M}" for at in times]}


def capacity(i: Inputs) -> dict[str, Any]:
    found = concurrent_capacity(
        nurses=i["nurses"],
        patients_per_nurse=i["ratio"],
        nurses_at_lunch=i.get("lunch_nurses_out", 0),
        first_doses=i["load"].get("first", 0),
        others=i["load"].get("subsequent", 0),
        first_dose_weight=i.get("first_dose_weight", 1),
    )
    return {
        "capacity_normal": found.normal,
        "capacity_lunch": found.at_lunch,
        "weighted_load": found.weighted_load,
        "fits_normal": found.fits,
        "fits_lunch": found.fits_at_lunch,
    }


def labs(i: Inputs) -> dict[str, Any]:
    taken, days = day(i["collected"]), i.get("valid_days")
    return {"valid": [is_valid(taken_on=taken, service_on=day(dos), valid_days=days) for dos in i["dos"]]}


def vaccine(i: Inputs) -> dict[str, Any]:
    given = day(i["dos"])
    dates = [live_vaccine_not_before(given_on=given, mg_per_kg=dose) for dose in i["dose_mg_per_kg"]]
    return {"not_before": [each.isoformat() for each in dates]}


def reminders(i: Inputs) -> dict[str, Any]:
    zone = ZoneInfo(i["tz"])
    times = reminder_times(
        starts_at=moment(i["appointment"]).replace(tzinfo=zone),
        zone=zone,
        offsets_days=i.get("offsets_days", OFFSETS_DAYS),
        send_at=time.fromisoformat(i["send_at"]) if "send_at" in i else SEND_AT,
    )
    return {"send": [at.astimezone(zone).isoformat() for at in times]}


def quiet(i: Inputs) -> dict[str, Any]:
    zone = ZoneInfo(i["tz"])
    hours = QuietHours(*(time.fromisoformat(each) for each in i["quiet"]))
    allowed = [next_allowed(moment(at), zone=zone, quiet=hours) for at in i["attempts"]]
    return {"send": [at.astimezone(zone).isoformat() for at in allowed]}


def opt_out(i: Inputs) -> dict[str, Any]:
    return {"opt_out": [is_opt_out(reply) for reply in i["replies"]]}


def content(i: Inputs) -> dict[str, Any]:
    codes = [{reason.code for reason in check_message(body, forbidden=i["forbidden"])} for body in i["messages"]]
    return {
        "ok": ["message_reveals_health" not in found for found in codes],
        "length_ok": ["message_too_long" not in found for found in codes],
    }


def gate(i: Inputs) -> dict[str, Any]:
    clearance = decide_findings(
        Findings(
            is_order_active=i.get("order_active", True),
            is_authorized=i.get("auth_ok", True),
            is_eligibility_verified=i.get("eligibility_ok", True),
            has_consent=i.get("consent", True),
            has_labs=i.get("labs_ok", True),
            has_recent_weight=i.get("weight_recent", True),
            has_drug=i.get("drug_available", True),
            is_well=not i.get("acute_illness", False),
            is_free_of_contraindication=not i.get("hard_contraindication", False),
        )
    )
    return {
        "cleared": clearance.is_cleared,
        "level": clearance.light.value,
        "reasons": [reason.code for reason in clearance.reasons],
    }


ANSWERS: dict[str, Answer] = {
    "chair.overlap": overlap,
    "nurse.staggered_starts": starts,
    "nurse.capacity": capacity,
    "labs.validity": labs,
    "vaccine.live_interval": vaccine,
    "reminder.times": reminders,
    "reminder.quiet_hours": quiet,
    "reminder.opt_out_keywords": opt_out,
    "reminder.content": content,
    "clearance": gate,
}
