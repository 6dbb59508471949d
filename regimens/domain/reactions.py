"""Reactions to an infusion, graded by CTCAE: what each grade means and what follows from it.

Sources: CTCAE, infusion related reaction (P39), reworded in plain English; what follows is usual practice,
confidence K, for the clinic's prescribers to confirm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.errors import Reason
from regimens.domain.settings import CARE_DEFAULTS

SLOWING, HOLDING, BLOCKING = 2, 3, 4
"""From which grade a reaction slows the next infusion, holds the plan, blocks the product. Stated here alone."""
ANAPHYLAXIS = "anaphylaxis"
"""The one kind that has a lowest grade: CTCAE knows no anaphylaxis below 3 (P39)."""

MEANINGS: dict[int, str] = {
    1: "Mild and passing. The infusion was not interrupted and nothing was given for it.",
    2: "The infusion was interrupted, but treatment helped promptly; preventive medicine for 24 hours at most.",
    3: "Prolonged, came back after it had improved, or led to a hospital stay.",
    4: "Life-threatening; it needed urgent treatment.",
    5: "The patient died.",
}
"""What each CTCAE grade of an infusion related reaction means (P39)."""

LEVELS: dict[int, str] = {1: "mild", 2: "moderate", 3: "severe", 4: "life-threatening", 5: "death"}


class Effect(StrEnum):
    """What a reaction brings about."""

    NOTED = "noted"
    PRESCRIBER_TOLD = "prescriber_told"
    SLOW_NEXT = "slow_next"  # first ramp and premedication at the next visit
    HELD = "held"  # until a prescriber releases the plan
    REPORTED = "reported"  # to MedWatch and the manufacturer
    BLOCKED = "blocked"  # no new order of the product


WORDS: dict[Effect, str] = {
    Effect.NOTED: "It is kept on the patient’s page.",
    Effect.PRESCRIBER_TOLD: "Staff are asked to tell the prescriber now.",
    Effect.SLOW_NEXT: "The next visit follows the slow first ramp, with premedication.",
    Effect.HELD: "The plan is on hold until a prescriber releases it.",
    Effect.REPORTED: "Staff are asked to report it to MedWatch and the manufacturer.",
    Effect.BLOCKED: "The product is blocked for this patient.",
}


def effects(grade: int) -> frozenset[Effect]:
    """What a reaction of `grade` brings about; every grade includes what the one below it does.

    Source: usual practice; confidence K. Raises ValueError for a grade that CTCAE does not have.
    """
    if grade not in MEANINGS:
        raise ValueError("CTCAE grades go from 1 to 5")
    found = {Effect.NOTED}
    if grade >= SLOWING:
        found |= {Effect.PRESCRIBER_TOLD, Effect.SLOW_NEXT}
    if grade >= HOLDING:
        found |= {Effect.HELD, Effect.REPORTED}
    if grade >= BLOCKING:
        found.add(Effect.BLOCKED)
    return frozenset(found)


def forbids_immune_globulin(*, kind: str, is_immune_globulin: bool) -> bool:
    """Whether a reaction to one immune globulin forbids every other: anaphylaxis does.

    Source: contraindications of immune globulin labels, prior anaphylactic reaction to human IG (P4-P12).
    """
    return is_immune_globulin and kind == ANAPHYLAXIS


def said(grade: int) -> str:
    """What happens at once because of a reaction of `grade`, in the sentences that matter most."""
    found = effects(grade)
    if Effect.HELD in found:
        shown = [Effect.HELD, Effect.BLOCKED] if Effect.BLOCKED in found else [Effect.HELD]
    else:
        shown = [Effect.PRESCRIBER_TOLD, Effect.SLOW_NEXT] if Effect.SLOW_NEXT in found else [Effect.NOTED]
    return " ".join(WORDS[effect] for effect in shown)


def gained(grade: int) -> str:
    """What a reaction of `grade` brings about beyond the grade below it, in sentences."""
    below = effects(grade - 1) if grade > 1 else frozenset[Effect]()
    new = [WORDS[effect] for effect in Effect if effect in effects(grade) - below]
    return " ".join([f"As grade {grade - 1}.", *new] if grade > SLOWING else new)


@dataclass(frozen=True, kw_only=True)
class ReactionFacts:
    """A reaction as a nurse saw it. `kind` is one of the catalogue's adverse event types."""

    kind: str
    grade: int
    occurred_at: datetime
    description: str = ""
    treatment: str = ""
    is_over: bool = False


def check_reaction(
    facts: ReactionFacts, *, kinds: tuple[str, ...], started_at: datetime | None, now: datetime
) -> tuple[Reason, ...]:
    """Everything that can't be right about a reaction to an infusion that began at `started_at`."""
    return tuple(_wrong(facts, kinds, started_at, now))


def _wrong(
    facts: ReactionFacts, kinds: tuple[str, ...], started_at: datetime | None, now: datetime
) -> Iterator[Reason]:
    if facts.kind not in kinds:
        yield Reason("unknown_reaction", "Choose what happened from the list.", "kind")
    if facts.grade not in MEANINGS:
        yield Reason("bad_grade", "Choose a grade from 1 to 5.", "grade")
    elif facts.kind == ANAPHYLAXIS and facts.grade < HOLDING:
        yield Reason("grade_too_low", "Anaphylaxis is never below grade 3. Check what happened, or the grade.", "grade")
    if facts.occurred_at > now:
        yield Reason("reaction_in_future", "It can't have begun in the future.", "occurred_at")
    elif started_at is not None and facts.occurred_at < started_at:
        yield Reason("reaction_before_infusion", "It began before the infusion did. Check day and time.", "occurred_at")
    elif started_at is not None and facts.occurred_at - started_at > timedelta(days=CARE_DEFAULTS.latest_onset_days):
        sentence = f"That is more than {CARE_DEFAULTS.latest_onset_days} days after the infusion. Check the day."
        yield Reason("reaction_too_late", sentence, "occurred_at")
    if facts.kind == "other" and not facts.description.strip():
        yield Reason("reaction_unnamed", "Say what happened.", "description")


def onset_minutes(*, started_at: datetime | None, occurred_at: datetime) -> int | None:
    """Whole minutes from the start of the infusion; None when it is not known."""
    return None if started_at is None else max(0, (occurred_at - started_at) // timedelta(minutes=1))
