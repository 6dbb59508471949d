"""What was given, as the visit's panel and its own page show it; and the form to record it, filled from the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from accounts.domain.policy import Permission
from core.actor import Actor
from regimens.domain.administration import actual_minutes, unaccounted_mg
from regimens.domain.quantities import plain
from regimens.domain.reactions import HOLDING, LEVELS, said
from regimens.domain.titration import Profile
from regimens.models import Administration, CourseDay, Product, Reaction
from scheduling.domain.statuses import VisitStatus
from scheduling.given_forms import Day, Entry, LotForm, RateForm, Row, rows_of
from scheduling.models import Visit
from scheduling.presenters.order_words import mass
from scheduling.queries.given import Given

RECORDABLE = frozenset({VisitStatus.INFUSING, VisitStatus.OBSERVING, VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY})
PROFILES = {
    Profile.FIRST: "Slow first ramp",
    Profile.SUBSEQUENT: "Later ramp",
}


@dataclass(frozen=True, kw_only=True)
class ReactionLine:
    """A reaction in words."""

    reaction: Reaction
    title: str
    is_grave: bool
    is_holding: bool


@dataclass(frozen=True, kw_only=True)
class RateLine:
    """A planned stretch of an infusion: minutes from the start, its length and its rate."""

    starts_at_minute: int
    minutes: int | None
    ml_per_hour: str


def for_panel(visit: Visit, given: Given, by: Actor) -> dict[str, Any]:
    """What the visit's panel shows of the infusion."""
    row = given.administration
    has_begun = row is not None and VisitStatus(visit.status) in RECORDABLE
    may_record = by.can(Permission.ADMINISTRATION_RECORD)
    last = given.last_before
    return {
        "given": row,
        "given_words": words(row) if row and row.recorded_at else "",
        "can_record": has_begun and may_record,
        "is_prescriber": by.can(Permission.ORDER_RELEASE),
        "is_unrecorded": has_begun and row is not None and row.recorded_at is None,
        "reactions_here": [line(reaction) for reaction in given.here],
        "last_reaction": line(last) if last else None,
        "profile": profile(visit.course_day),
        "planned_rates": planned_rates(visit.course_day),
    }


def words(row: Administration) -> str:
    """What was given, in a line: "30 g in 2 h 19, all of it"."""
    if row.dose_mg is None:
        return ""
    dose = mass(row.dose_mg, is_immune_globulin=row.product.is_immune_globulin)
    planned = mass(row.planned_dose_mg, is_immune_globulin=row.product.is_immune_globulin)
    return dose if row.is_complete and dose == planned else f"{dose} of {planned} planned"


def profile(day: CourseDay) -> str:
    """The ramp that was planned; empty where no ramp decides the rate."""
    return PROFILES.get(Profile(day.profile), "") if day.rate_steps and day.profile in set(Profile) else ""


def planned_rates(day: CourseDay) -> list[RateLine]:
    """The planned rate steps. For planning only: they never set a pump."""
    return [
        RateLine(
            starts_at_minute=int(Fraction(str(step["starts_at_minute"]))),
            minutes=None if step.get("minutes") is None else round(Fraction(str(step["minutes"]))),
            ml_per_hour=plain(Fraction(str(step["ml_per_hour"]))),
        )
        for step in day.rate_steps
    ]


def line(reaction: Reaction) -> ReactionLine:
    """A reaction as lists show it."""
    return ReactionLine(
        reaction=reaction,
        title=f"{reaction.kind[:1].upper()}{reaction.kind[1:]}, grade {reaction.grade} ({LEVELS[reaction.grade]})",
        is_grave=reaction.grade >= HOLDING,
        is_holding=reaction.grade >= HOLDING and reaction.released_at is None,
    )


def followed(reaction: Reaction) -> str:
    """What a reaction brought about, for the message after it was recorded."""
    return said(reaction.grade)


def day_of(visit: Visit, row: Administration, products: Sequence[Product]) -> Day:
    """How the form of a visit reads times and masses, and which `products` may have been given."""
    zone = visit.clinic.zone
    return Day(
        on=row.started_at.astimezone(zone).date(),
        zone=zone,
        is_immune_globulin=row.product.is_immune_globulin,
        products=tuple((product.id, product.name) for product in products),
    )


def entry(visit: Visit, given: Given) -> Entry:
    """The form: what is recorded already, else the plan and the visit's own times."""
    row = given.administration
    assert row is not None  # noqa: S101 (asked for only where an infusion began)
    day = day_of(visit, row, given.products)
    if row.recorded_at is not None:
        return Entry.shown(day, _main(row, day), _lots(given, day), _rates(given, day))
    return Entry.shown(day, _planned_main(visit, row, day), _planned_lots(visit, day), _planned_rates(visit, row, day))


def changed_rows(post: Mapping[str, str], day: Day) -> Entry:
    """The form as it was sent, with a row more or less: ``act`` is add-lots, add-rates, drop-lots-1, drop-rates-0."""
    lots, rates = rows_of(post, "lots", LotForm), rows_of(post, "rates", RateForm)
    verb, _, rest = post.get("act", "").partition("-")
    name, _, place = rest.partition("-")
    rows = lots if name == "lots" else rates
    if verb == "add":
        rows.append({"vial": lots[-1]["vial"], "vials": "1"} if name == "lots" and lots else {})
    elif verb == "drop" and place.isdigit() and int(place) < len(rows):
        del rows[int(place)]
    return Entry.shown(day, {key: post.get(key, "") for key in _MAIN}, lots, rates)


_MAIN = ("product", "started_at", "stopped_at", "dose", "volume_ml", "is_complete", "stop_reason", "note")


def _main(row: Administration, day: Day) -> dict[str, Any]:
    return {
        "product": row.product_id,
        "started_at": f"{row.started_at.astimezone(day.zone):%H:%M}",
        "stopped_at": f"{row.stopped_at.astimezone(day.zone):%H:%M}" if row.stopped_at else "",
        "dose": day.amount(row.dose_mg or 0),
        "volume_ml": _number(row.volume_ml),
        "is_complete": "yes" if row.is_complete else "no",
        "stop_reason": row.stop_reason,
        "note": row.note,
    }


def _lots(given: Given, day: Day) -> list[Row]:
    return [
        {
            "lot_number": lot.lot_number,
            "expires_on": lot.expires_on,
            "vials": lot.vials,
            "vial": day.amount(lot.vial_mg),
            "wasted": day.amount(lot.wasted_mg),
            "ndc": lot.ndc,
            "witness": lot.witness,
        }
        for lot in given.lots
    ]


def _rates(given: Given, day: Day) -> list[Row]:
    return [
        {"at": f"{rate.at.astimezone(day.zone):%H:%M}", "ml_per_hour": _number(rate.ml_per_hour)}
        for rate in given.rates
    ]


def _planned_main(visit: Visit, row: Administration, day: Day) -> dict[str, Any]:
    """The whole planned dose, unless the infusion was cut short: then only the nurse knows."""
    stopped_at = row.stopped_at or visit.observation_started_at
    has_stopped = stopped_at is not None and stopped_at.astimezone(day.zone).date() == day.on
    is_cut_short = row.is_complete is False
    return {
        "started_at": f"{row.started_at.astimezone(day.zone):%H:%M}",
        "stopped_at": f"{stopped_at.astimezone(day.zone):%H:%M}" if has_stopped and stopped_at else "",
        "dose": "" if is_cut_short else day.amount(row.planned_dose_mg),
        "volume_ml": "" if is_cut_short else _number(visit.course_day.volume_ml),
        "is_complete": "no" if is_cut_short else "yes",
    }


def _planned_lots(visit: Visit, day: Day) -> list[Row]:
    """A row for each vial size of the plan; what the vials hold above the dose is thrown away."""
    vials: list[dict[str, Any]] = visit.course_day.vials
    held = sum((Fraction(str(vial["mg"])) * vial["count"] for vial in vials), Fraction(0))
    left = max(Fraction(0), held - Fraction(visit.course_day.dose_mg))
    rows: list[Row] = [
        {"vials": vial["count"], "vial": day.amount(Fraction(str(vial["mg"]))), "wasted": "0", "lot_number": ""}
        for vial in vials
    ]
    if rows:
        rows[-1]["wasted"] = day.amount(left)
    return rows or [{"vials": 1}]


def posted(post: Mapping[str, str], visit: Visit, given: Given, day: Day) -> Entry:
    """The form as it was sent; at the first record without the steps of the plan that a typed stop came before."""
    row = given.administration
    is_first = row is not None and row.recorded_at is None
    return Entry.posted(post, day, _steps(visit, row, day) if row is not None and is_first else ())


def _planned_rates(visit: Visit, row: Administration, day: Day) -> list[Row]:
    """The planned steps from the start on; those after the stop did not happen."""
    return _steps(visit, row, day, until=row.stopped_at or visit.observation_started_at)


def _steps(visit: Visit, row: Administration, day: Day, until: datetime | None = None) -> list[Row]:
    steps = [
        (row.started_at + timedelta(minutes=step.starts_at_minute), step.ml_per_hour)
        for step in planned_rates(visit.course_day)
    ]
    return [
        {"at": f"{at.astimezone(day.zone):%H:%M}", "ml_per_hour": rate}
        for at, rate in steps
        if until is None or at < until - timedelta(minutes=1)
    ]


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(Fraction(value))


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What was planned and what was."""

    name: str
    planned: str
    actual: str


def facts(visit: Visit, given: Given) -> list[Fact]:
    """Planned and actual, side by side; empty before anything was recorded."""
    row = given.administration
    if row is None or row.dose_mg is None:
        return []
    is_ig = row.product.is_immune_globulin
    ordered = visit.course_day.course.order.product
    found = (
        [] if row.product_id == ordered.id else [Fact(name="Product", planned=ordered.name, actual=row.product.name)]
    )
    found += [
        Fact(
            name="Dose",
            planned=mass(row.planned_dose_mg, is_immune_globulin=is_ig),
            actual=mass(row.dose_mg, is_immune_globulin=is_ig),
        )
    ]
    if row.stopped_at is not None:
        took = actual_minutes(row.started_at, row.stopped_at)
        found.append(Fact(name="Infusion", planned=f"{row.planned_minutes} min", actual=f"{took} min"))
    volume = visit.course_day.volume_ml
    if volume is not None or row.volume_ml is not None:
        found.append(Fact(name="Volume", planned=_ml(volume), actual=_ml(row.volume_ml)))
    if row.units is not None:
        wasted = f" and {row.wasted_units} wasted (JW)" if row.wasted_units else ", none wasted (JZ)"
        found.append(Fact(name="Units", planned=str(visit.units), actual=f"{row.units} given{wasted}"))
    return found


def _ml(value: Decimal | None) -> str:
    return f"{plain(Fraction(value))} mL" if value is not None else "not said"


def lot_rows(given: Given) -> list[dict[str, Any]]:
    """The vials of each lot in words."""
    row = given.administration
    is_ig = row is not None and row.product.is_immune_globulin
    return [
        {
            "lot": lot,
            "vials": f"{lot.vials} × {mass(lot.vial_mg, is_immune_globulin=is_ig)}",
            "wasted": mass(lot.wasted_mg, is_immune_globulin=is_ig) if lot.wasted_mg else "none",
        }
        for lot in given.lots
    ]


def left_over(given: Given) -> str:
    """What the vials held and nobody gave or threw away, in words; empty when it adds up."""
    row = given.administration
    if row is None or row.dose_mg is None or not given.lots:
        return ""
    left = unaccounted_mg(
        vials_mg=sum((Fraction(lot.vial_mg) * lot.vials for lot in given.lots), Fraction(0)),
        dose_mg=Fraction(row.dose_mg),
        wasted_mg=sum((Fraction(lot.wasted_mg) for lot in given.lots), Fraction(0)),
    )
    return mass(left, is_immune_globulin=row.product.is_immune_globulin) if left else ""
