"""The page of a series: each course day with its place, why, what pays for it, and other places to choose."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from accounts.models import Clinic
from core.errors import Reason
from core.looks import look_of
from regimens.domain.validity import beyond
from regimens.models import CourseDay
from regimens.queries.orders import valid_until
from scheduling.domain.openings import Opening
from scheduling.domain.placement import WINDOW_CODES
from scheduling.domain.series import Choice, Liking, Problem
from scheduling.models import Chair, Visit
from scheduling.presenters.finding import SOFT_WORDS, place_value
from scheduling.queries.series import SeriesPlan, SeriesRow
from scheduling.series_forms import WEEKDAYS, RowsRead
from scheduling.services.series_undo import Together


@dataclass(frozen=True, kw_only=True)
class PlaceOption:
    """A place in the list of a row: what the form sends back, and what a person reads."""

    value: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One course day. `problem` is why it has no place; `refused` what booking said about the one chosen."""

    key: UUID
    day: CourseDay
    label: str
    is_first: bool
    opening: Opening | None
    start: datetime | None
    place: str
    chosen: str
    options: Sequence[PlaceOption]
    why: str
    needs: Sequence[str]
    problem: str
    refused: Sequence[str]
    cover_word: str
    cover_tone: str
    cover_icon: str
    cover_note: str
    is_locked: bool
    skip_reason: str
    after_end: str = ""
    visit: Visit | None = None

    @property
    def stays(self) -> bool:
        """Whether a moving visit keeps its very place."""
        return self.visit is not None and self.visit.period.lower == self.start


@dataclass(frozen=True, kw_only=True)
class SeriesView:
    """All rows, and what is said about them together."""

    rows: Sequence[RowView]
    to_book: int
    unplaced: int
    skipped: int
    soft: Sequence[str]
    liking: str
    cover: str
    is_cover_bad: bool
    courses: Sequence[int]


def view(
    plan: SeriesPlan,
    clinic: Clinic,
    *,
    read: RowsRead | None = None,
    refused: Iterable[Reason] = (),
    is_soft: bool = True,
) -> SeriesView:
    """The page's rows from a plan, what a person decided, and the reasons of a refusal by course day."""
    said = {} if is_soft else _by_day(refused)
    sheet = _Sheet(plan=plan, clinic=clinic, read=read or RowsRead(), said=said)
    rows = [_row(row, sheet) for row in plan.rows]
    soft = [row for row in plan.rows if row.is_soft]
    uncovered = [row for row in plan.rows if row.coverage is not None and row.coverage.reasons]
    return SeriesView(
        rows=rows,
        to_book=sum(row.opening is not None for row in rows),
        unplaced=sum(row.opening is None and not row.skip_reason for row in rows),
        skipped=sum(bool(row.skip_reason) for row in rows),
        soft=[_called(row.course_day) for row in soft],
        liking=_liking(plan.liking, plan.chairs),
        cover=_cover(uncovered, plan),
        is_cover_bad=bool(uncovered),
        courses=sorted({row.course_day.course.number for row in plan.rows}),
    )


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """What all rows share: what was decided, refused and told already, and the units left so far."""

    plan: SeriesPlan
    clinic: Clinic
    read: RowsRead
    said: Mapping[str, list[str]]
    left: dict[UUID, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)


def _row(row: SeriesRow, sheet: _Sheet) -> RowView:
    choice, day, plan, clinic = row.choice, row.course_day, sheet.plan, sheet.clinic
    opening, chosen = choice.opening, _value(choice.opening)
    word, tone, icon, note = _cover_of(row, sheet.left, sheet.told)
    skip_reason = sheet.read.skipped.get(day.id, "")
    return RowView(
        key=day.id,
        day=day,
        label=_called(day),
        is_first=day.day_number == 1,
        opening=opening,
        start=opening.interval.start if opening else None,
        place=_text(opening, plan.chairs, clinic) if opening else "",
        chosen=chosen,
        options=_options(choice, plan.chairs, clinic),
        why=" · ".join(choice.reasons).replace(" %", "\N{NO-BREAK SPACE}%"),
        needs=[] if opening is None else [SOFT_WORDS.get(code, "needs a reason") for code in opening.soft],
        problem="" if skip_reason else _problem(choice, plan.rostered_to, clinic),
        refused=sheet.said.get(str(day.id), []),
        cover_word=word,
        cover_tone=tone,
        cover_icon=icon,
        cover_note=note,
        is_locked=day.id in sheet.read.locked and opening is not None,
        skip_reason=skip_reason,
        after_end=beyond(day.due_on, last_on=valid_until(day.course.order)),
        visit=row.visit,
    )


def _by_day(refused: Iterable[Reason]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for reason in refused:
        if name := reason.facts.get("course_day"):
            found.setdefault(name, []).append(reason.sentence.partition(": ")[2] or reason.sentence)
    return found


def _called(day: CourseDay) -> str:
    many = day.course.order.days_per_course > 1 or day.day_number > 1
    return f"Course {day.course.number}" + (f", day {day.day_number}" if many else "")


def _value(opening: Opening | None) -> str:
    return place_value(opening.chair_id, opening.interval.start) if opening else ""


def _options(choice: Choice, chairs: Mapping[UUID, Chair], clinic: Clinic) -> list[PlaceOption]:
    """The chosen place and the others, by time; those that ask a reason say so."""
    places = [*([choice.opening] if choice.opening else []), *choice.others]
    found = {_value(one): PlaceOption(value=_value(one), text=_text(one, chairs, clinic)) for one in places}
    starts = {_value(one): one.interval.start for one in places}
    return [found[key] for key in sorted(found, key=lambda key: starts[key])]


def _text(opening: Opening, chairs: Mapping[UUID, Chair], clinic: Clinic) -> str:
    start, end = (moment.astimezone(clinic.zone) for moment in (opening.interval.start, opening.interval.end))
    outside = {"too_early": ", before the window", "too_late": ", after the window"}
    soft = next((outside[code] for code in opening.soft if code in WINDOW_CODES), "")
    soft = soft or (", asks a reason" if opening.soft else "")
    return f"{start:%a %-d %b %Y}, {start:%H:%M}–{end:%H:%M}, {chairs[opening.chair_id].name}{soft}"


def _problem(choice: Choice, rostered_to: date | None, clinic: Clinic) -> str:
    asked = choice.asked
    window = f"{asked.earliest_on:%-d %b} to {asked.latest_on:%-d %b}"
    nearest = "The nearest places outside are in the list." if choice.others else "Look at other days by hand."
    match choice.problem:
        case Problem.CLOSED if rostered_to is not None and asked.earliest_on > rostered_to:
            return f"Not yet: the nurses' rota ends on {rostered_to:%-d %b %Y}. Book this course when it goes further."
        case Problem.CLOSED:
            return f"{clinic.name} is closed or has no nurse on any day from {window}. {nearest}"
        case Problem.FULL:
            return f"Every chair is taken from {window}. {nearest}"
        case Problem.TOO_SOON:
            return f"Every day from {window} is too soon after the course before. Choose an earlier day for that one."
        case Problem.TAKEN:
            return "This place can’t be had: the chair is taken, or it breaks a rule. Choose another one."
    return ""


def _cover_of(row: SeriesRow, left: dict[UUID, int], told: set[str]) -> tuple[str, str, str, str]:
    """Word, tone, icon and note of a row's cover: what is left after it, or why nothing covers it, said once."""
    found = row.coverage
    if found is None:
        return "", "", "", ""
    if not found.is_required:
        return "Not required", "calm", "tick", ""
    held = found.authorization
    if found.reasons:
        code, sentence = found.reasons[0].code, found.reasons[0].sentence
        note = "" if code in told else sentence
        told.add(code)
        return "Not covered", "bad", "octagon", note
    if held is None or row.visit is not None:
        return "Covered", "good", "shield", held.reference if held else ""
    left[held.id] = left.get(held.id, held.units_left) - row.course_day.units
    return "Covered", "good", "shield", f"{held.reference}: {left[held.id]} units left after"


def _cover(uncovered: Sequence[SeriesRow], plan: SeriesPlan) -> str:
    """Whether all of it is paid for, in a sentence."""
    asked = [row.coverage for row in plan.rows if row.coverage is not None]
    if not asked:
        return ""
    if not uncovered:
        needs = any(one.is_required for one in asked)
        return "Every visit is covered." if needs else "No visit needs an authorization."
    first = uncovered[0]
    reason = first.coverage.reasons[0].sentence if first.coverage else ""
    if len(uncovered) == len(asked):
        return f"No visit is covered. {reason}"
    return f"Not covered from {_called(first.course_day).lower()} on. {reason}"


def _liking(liking: Liking, chairs: Mapping[UUID, Chair]) -> str:
    """What was looked for: "Tuesday, 10:00, A2 (as usual)"."""
    parts = [
        *([WEEKDAYS[liking.weekday]] if liking.weekday is not None else []),
        *([f"{liking.at:%H:%M}"] if liking.at is not None else []),
        *([chairs[liking.chair_id].name] if liking.chair_id in chairs and liking.chair_id else []),
    ]
    return f"{', '.join(parts)} ({liking.said})" if parts else ""


def together_words(found: Together | None) -> str:
    """What the button says that takes back what was done to several visits at once; empty when there is nothing."""
    if found is None:
        return ""
    count, done = len(found.changed), {"move": "moved", "cancel": "cancelled"}[found.kind]
    return f"Undo: {count} visit{'s' if count != 1 else ''} {done} together"


@dataclass(frozen=True, kw_only=True)
class BookedRow:
    """A visit of a series that is booked."""

    visit: Visit
    label: str
    word: str
    tone: str
    icon: str


def booked_rows(visits: Iterable[Visit], statuses: Collection[str] = ()) -> list[BookedRow]:
    """The visits of a series as a list; only those with one of `statuses`, if any are named."""
    rows = []
    for visit in visits:
        if statuses and visit.status not in statuses:
            continue
        look = look_of("visit", visit.status)
        rows.append(
            BookedRow(visit=visit, label=_called(visit.course_day), word=look.word, tone=look.tone, icon=look.icon)
        )
    return rows
