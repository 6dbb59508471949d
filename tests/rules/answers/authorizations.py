"""Worked examples of units, coverage, renewal, decision clocks and follow-ups."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from authorizations.domain.business_days import business_days
from authorizations.domain.clocks import Clock, ClockKind, choose_clock, decision_deadline
from authorizations.domain.coverage import AuthorizationFacts, VisitFacts, check_coverage, check_dates
from authorizations.domain.follow_up import follow_up_dates
from authorizations.domain.frequency import FrequencyLimit, fits_limit
from authorizations.domain.renewal import plan_renewal
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.domain.units import UnitTotals, infusions_left, units_per_course, units_to_request
from tests.rules.answers.shapes import Answer, Inputs, day, moment, number


def units_remaining(i: Inputs) -> dict[str, Any]:
    totals = UnitTotals(i["authorized"], used=sum(i["billed"]))
    left = infusions_left(units_left=totals.left, units_per_infusion=i["per_infusion"])
    return {"remaining": left.units_left, "infusions_left": left.count, "short_by": left.short_by}


def wastage(i: Inputs) -> dict[str, Any]:
    answers: dict[str, list[int]] = {"infusions": [], "left_over": []}
    for counts in i["counts_wastage"]:
        each = units_per_course(admin_units=i["admin_units"], jw_units=i["jw_units"], counts_wastage=counts)
        left = infusions_left(units_left=i["authorized"], units_per_infusion=each)
        answers["infusions"].append(left.count)
        answers["left_over"].append(i["authorized"] - left.count * each)
    return answers


def visit_cap(i: Inputs) -> dict[str, Any]:
    left = infusions_left(
        units_left=UnitTotals(i["authorized"], used=i["used_units"]).left,
        units_per_infusion=i["per_infusion"],
        visits_left=i["visits"] - i["visits_used"],
        visits_per_course=i["visits_per_course"],
    )
    return {
        "units_left": left.units_left,
        "by_units": left.by_units,
        "by_visits": left.by_visits,
        "infusions_left": left.count,
    }


def inclusive_dates(i: Inputs) -> dict[str, Any]:
    start, end = day(i["start"]), day(i["end"])
    return {"covered": [not check_dates(day(dos), start, end) for dos in i["dos"]]}


def _every(last: date, weeks: int) -> Iterator[date]:
    return (last + timedelta(weeks=weeks * n) for n in count(1))


def renewal_start(i: Inputs) -> dict[str, Any]:
    renewal = plan_renewal(
        planned_on=_every(day(i["last_dos"]), i["interval_weeks"]),
        units_left=i["remaining_units"],
        units_per_course=i["per_infusion"],
        ends_on=day(i["auth_end"]),
        visits_left=i.get("visits_left"),
        visits_per_course=i.get("visits_per_course", 1),
        lead_days=i["lead_days"],
    )
    return {
        "covered_dos": [each.isoformat() for each in renewal.covered_on],
        "first_uncovered": renewal.first_uncovered_on and renewal.first_uncovered_on.isoformat(),
        "renewal_start": renewal.starts_on and renewal.starts_on.isoformat(),
        "driver": renewal.driver,
    }


def rolling_frequency(i: Inputs) -> dict[str, Any]:
    limit = FrequencyLimit(i["limit_units"], i["window_days"])
    history = [(day(on), units) for on, units in i["history"]]
    return {
        "allowed": [
            fits_limit(limit=limit, doses=history, service_on=day(on), units=units) for on, units in i["proposed"]
        ]
    }


def match(i: Inputs) -> dict[str, Any]:
    granted = i["auth"]
    authorization = AuthorizationFacts(
        status=AuthorizationStatus.APPROVED,
        starts_on=None,
        ends_on=None,
        hcpcs=granted["hcpcs"],
        units_left=1000,
        site=granted["site"],
        rendering=granted["rendering"],
        icd10=granted["dx"],
    )
    asked = [
        VisitFacts(
            service_on=date(2026, 11, 24),
            hcpcs=case["hcpcs"],
            units=1,
            site=case["site"],
            rendering=case["rendering"],
            icd10=case["dx"],
        )
        for case in i["cases"]
    ]
    return {"reasons": [[reason.code for reason in check_coverage(visit, authorization)] for visit in asked]}


def annual_need(i: Inputs) -> dict[str, Any]:
    need = units_to_request(
        units_per_course=i["per_course_units"],
        interval_weeks=number(i["interval_weeks"]),
        months=i["months"],
        overage_pct=number(i.get("overage_pct", 0)),
    )
    return {"courses": need.courses, "units": need.units}


def clock(i: Inputs) -> dict[str, Any]:
    zone = ZoneInfo(i["tz"])
    deadline = decision_deadline(
        Clock(ClockKind(i["clock"]), i["amount"], i.get("extension") or 0),
        received_at=moment(i["received"]),
        zone=zone,
        calendar=business_days(map(day, i.get("holidays", ()))),
    )
    extended = deadline.extended_due_on
    return {
        "due": deadline.due_at.astimezone(zone).isoformat(),
        "due_date": deadline.due_on.isoformat(),
        "extended_due_date": extended and extended.isoformat(),
    }


def clock_selection(i: Inputs) -> dict[str, Any]:
    chosen = [
        choose_clock(line_of_business=case["lob"], is_drug=case["is_drug"], is_urgent=case["urgent"])
        for case in i["cases"]
    ]
    return {"clock": [each and [each.kind, each.amount] for each in chosen]}


def follow_ups(i: Inputs) -> dict[str, Any]:
    offsets: list[int] = i["offsets_bd"]
    dates = follow_up_dates(
        submitted_on=day(i["submitted"]),
        calendar=business_days(map(day, i.get("holidays", ()))),
        count=len(offsets),
        offsets=offsets[:2],
        then_every=offsets[-1] - offsets[-2] if len(offsets) > 2 else 2,
    )
    return {"dates": [each.isoformat() for each in dates]}


ANSWERS: dict[str, Answer] = {
    "auth.units_remaining": units_remaining,
    "auth.units_short": units_remaining,
    "auth.wastage_counts": wastage,
    "auth.visit_cap": visit_cap,
    "auth.date_inclusive": inclusive_dates,
    "auth.renewal_start": renewal_start,
    "auth.rolling_frequency": rolling_frequency,
    "auth.match": match,
    "auth.annual_need": annual_need,
    "pa.clock": clock,
    "pa.clock_selection": clock_selection,
    "pa.followup": follow_ups,
}
