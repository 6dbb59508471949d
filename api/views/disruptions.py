"""An upset day: what it touches and the smallest rearrangement, all of it applied at once, and the way back."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api.disruption_presenters import done_of, head_of, line_of
from api.endpoint import Done, Endpoint
from api.permissions import Needs
from api.reading import PageQuery
from api.schema import operation
from api.shapes.disruptions import (
    DisruptionBody,
    DisruptionDoneShape,
    DisruptionShape,
    HappeningBody,
    ProposalShape,
    UndoBody,
)
from audit.services.record import record
from core.errors import BadInput, Reason, Refusal
from core.intervals import Interval
from scheduling.models import Disruption as DisruptionModel
from scheduling.models import DisruptionKind
from scheduling.queries import disruptions as reading
from scheduling.queries import setup, visits
from scheduling.services import disruption_undo, disruptions
from scheduling.services.decisions import Decision, Do
from scheduling.services.disruption_facts import Happening

FIELDS = {"starts": "from", "on": "from", "ends": "until", "until_on": "until"}
"""What the pages call an input, and what it is called here."""
SNOW = {
    "kind": "closed",
    "from": "2026-11-20T07:00:00-06:00",
    "until": "2026-11-20T18:00:00-06:00",
    "reason": "Snow",
}
DECISION = {
    "visit": "01936d2e-7c1a-7000-8000-ba9876543210",
    "version": 1,
    "do": "move",
    "chair": "01936d2e-7c1a-7000-8000-0123456789ab",
    "start": "2026-11-21T09:00:00-06:00",
    "accepts": [],
}


class _OfADay(Endpoint):
    """What the endpoints of upset days share."""

    def happening(self, wanted: dict[str, Any]) -> Happening:
        """What the body says happens. Raises `BadInput` and `NotFound` at the fields."""
        kind, start, end = DisruptionKind(wanted["kind"]), wanted["from"], wanted["until"]
        if end <= start:
            raise BadInput("reversed", "until must come after from.", field="until")
        for name in (DisruptionKind.CHAIR, DisruptionKind.NURSE):
            if (wanted[name] is not None) != (kind == name):
                sentence = f"{name.value} is missing." if kind == name else f"{name.value} is not for this kind."
                raise BadInput("wrong_for_kind", sentence, field=name.value)
        return Happening(
            clinic=self.clinic,
            kind=kind,
            away=Interval(start, end),
            reason=wanted["reason"],
            chair=self.named("chair", visits.get_chair, wanted["chair"]) if wanted["chair"] else None,
            nurse=self.named("nurse", setup.get_nurse, wanted["nurse"]) if wanted["nurse"] else None,
        )

    def done_shown(self, found: DisruptionModel, done: Done | None = None) -> Response:
        """One that was applied, with what became of every visit; that somebody looked is kept."""
        ids = [UUID(change["visit"]) for change in found.changes]
        there = visits.of_clinic(self.clinic).in_bulk(ids)
        self.seen("disruption.view", "disruption", found.id, ids)
        answer = self.shown_as(DisruptionDoneShape, done_of(found, there), version_of=None, done=done)
        if done is not None and done.status == 201:
            answer.headers["Location"] = f"{self.request.path}{found.id}/"
        return answer

    def seen(self, action: str, what: str, thing_id: UUID, touched: Iterable[UUID]) -> None:
        """Note in the audit log that these visits were shown."""
        detail = {"visits": sorted(map(str, touched))[:200]}
        if detail["visits"]:
            record(action=action, entity_type=what, entity_id=thing_id, by=self.actor, detail=detail)


class DisruptionPreview(_OfADay):
    permission_classes = [Needs(Permission.VISIT_OVERRIDE)]

    @operation(
        "disruptions_preview",
        "Propose the smallest rearrangement for what upsets a day; saves nothing",
        tag="disruptions",
        answer=ProposalShape,
        body=HappeningBody,
        refuses=["not_found"],
        example=SNOW,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body(HappeningBody)
        with named_here():
            proposal = reading.propose(self.happening(wanted))
        lines = [line_of(row, proposal.chairs) for row in proposal.rows]
        self.seen("disruption.preview", "clinic", self.clinic.id, [row.visit.id for row in proposal.rows])
        return self.shown_as(ProposalShape, {"lines": lines, "over": proposal.repair.over}, version_of=None)


class Disruptions(_OfADay):
    permission_classes = [Needs(Permission.VISIT_VIEW, POST=Permission.VISIT_OVERRIDE)]

    @operation(
        "disruptions_list",
        "List what upset days, the latest first",
        tag="disruptions",
        answer=DisruptionShape,
        is_list=True,
        query=PageQuery,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        self.query(PageQuery)
        return self.listed(DisruptionShape, reading.of_clinic(self.clinic), audit=None, seen_as=head_of)

    @operation(
        "disruptions_apply",
        "Apply what happens and every decision, all of it or nothing",
        tag="disruptions",
        answer=DisruptionDoneShape,
        status=201,
        body=DisruptionBody,
        repeats=True,
        refuses=["not_found", "conflict", "needs_reason", "stale"],
        example=SNOW | {"decisions": [DECISION]},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body(DisruptionBody)
        with named_here():
            done = self.once(self.applying(wanted), status=201)
        return self.done_shown(reading.get(self.clinic, done.id), done)

    def applying(self, wanted: dict[str, Any]) -> Callable[[], DisruptionModel]:
        """The act that the body asks for."""

        def act() -> DisruptionModel:
            return disruptions.apply(
                happening=self.happening(wanted),
                decisions=list(_decisions(wanted["decisions"])),
                by=self.actor,
                reason=wanted["override"]["reason"] if wanted["override"] else "",
                seen_over=wanted["seen_over"],
            )

        return act


class Disruption(_OfADay):
    permission_classes = [Needs(Permission.VISIT_VIEW)]

    @operation(
        "disruptions_get",
        "Read what upset a day and what was done",
        tag="disruptions",
        answer=DisruptionDoneShape,
        refuses=["not_found"],
    )
    def get(self, request: Request, disruption_id: UUID) -> Response:  # noqa: ARG002
        return self.done_shown(reading.get(self.clinic, disruption_id))


class DisruptionUndo(_OfADay):
    permission_classes = [Needs(Permission.VISIT_OVERRIDE)]

    @operation(
        "disruptions_undo",
        "Take it back: every visit returns to its place",
        tag="disruptions",
        answer=DisruptionDoneShape,
        body=UndoBody,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"leave": []},
    )
    def post(self, request: Request, disruption_id: UUID) -> Response:  # noqa: ARG002
        found, leave = reading.get(self.clinic, disruption_id), set(self.body(UndoBody)["leave"])
        if leave - {UUID(change["visit"]) for change in found.changes}:
            raise BadInput("not_touched", "leave names a visit that was not touched.", field="leave")
        with named_here():
            done = self.once(
                lambda: disruption_undo.take_back(
                    disruption=reading.get(self.clinic, disruption_id), by=self.actor, leaving=leave
                )
            )
        return self.done_shown(reading.get(self.clinic, done.id), done)


@contextmanager
def named_here() -> Iterator[None]:
    """Refusals name the inputs as they are called here, and the visits that they are about."""
    try:
        yield
    except Refusal as refusal:
        refusal.reasons = tuple(map(_named, refusal.reasons))
        raise


def _named(reason: Reason) -> Reason:
    about = {"about_visit": reason.facts["visit_id"]} if "visit_id" in reason.facts else {}
    return replace(reason, field=FIELDS.get(reason.field or "", reason.field), facts=reason.facts | about)


def _decisions(rows: Iterable[dict[str, Any]]) -> Iterator[Decision]:
    seen: set[UUID] = set()
    for number, row in enumerate(rows):
        if row["visit"] in seen:
            raise BadInput("named_twice", f"decisions.{number} is about a visit named before.", field="decisions")
        seen.add(row["visit"])
        place: tuple[UUID | None, datetime | None] = (row["chair"], row["start"])
        if (row["do"] == Do.MOVE) != (None not in place) or (row["do"] != Do.MOVE and place != (None, None)):
            sentence = f"decisions.{number} needs chair and start to move, and neither for anything else."
            raise BadInput("place_for_move", sentence, field="decisions")
        yield Decision(
            visit_id=row["visit"],
            version=row["version"],
            do=Do(row["do"]),
            chair_id=row["chair"],
            start=row["start"],
            accepts=frozenset(row["accepts"]),
        )
