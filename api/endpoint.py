"""What every endpoint shares: who asks and where, reading strictly, acting once, versions, and answers nobody stores.

An endpoint parses, calls one service or query, and shows the result. It decides nothing.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.cache import add_never_cache_headers
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Clinic
from accounts.services import idempotency
from accounts.services.idempotency import Answer
from api.pagination import Pages
from api.parsers import StrictJSON
from api.permissions import Anybody
from api.problems import IfMatchMissing, KeyMissing
from api.reading import Body, Nothing, Query
from audit.services.record import record
from core.actor import Actor
from core.errors import BadInput, NotFound, Stale
from core.permissions import actor_of, public

_ETAG = re.compile(r'"v(\d{1,9})"', re.ASCII)
Found = TypeVar("Found")


class Identified(Protocol):
    """Something with an id."""

    @property
    def pk(self) -> Any: ...


class Versioned(Identified, Protocol):
    """Something with an id and a version that grows with every change."""

    version: int


@dataclass(frozen=True)
class Done:
    """What an act came to: the id of the thing, and whether this was a repeat that did nothing."""

    id: UUID
    status: int
    was_replayed: bool


class Endpoint(APIView):
    """The base of every endpoint. Closed to everybody until `permission_classes` says what it needs."""

    parser_classes = [StrictJSON]
    metadata_class = None
    http_method_names = ["get", "head", "post", "put", "patch"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view, with the permission it needs where a walk over all addresses looks for it."""
        view = super().as_view(**initkwargs)
        if cls.permission_classes == [Anybody]:
            return public("It says only that there is no such address.")(view)
        needs = cls.permission_classes[0]
        view.permission = getattr(needs, "permission", "")  # type: ignore[attr-defined]
        view.permission_by_method = getattr(needs, "by_method", {})  # type: ignore[attr-defined]
        return view

    @property
    def page(self) -> HttpRequest:
        """Django's request, which holds the actor and the clinic."""
        found: HttpRequest = self.request._request
        return found

    @property
    def actor(self) -> Actor:
        return actor_of(self.page)

    @property
    def clinic(self) -> Clinic:
        clinic: Clinic = self.page.clinic  # type: ignore[attr-defined]
        return clinic

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep every answer out of caches: most are about people."""
        final = super().finalize_response(request, response, *args, **kwargs)
        add_never_cache_headers(final)
        return final

    # Reading

    def body(self, shape: type[Body] = Nothing, *, partial: bool = False) -> dict[str, Any]:
        """The checked body; with `partial` only the fields that were sent."""
        read = shape(data=self.request.data, partial=partial)
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)

    def query(self, shape: type[Query]) -> dict[str, Any]:
        """The checked values in the address; what was not given and has no default is absent."""
        read = shape.of(self.request.query_params)
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)

    def named(self, field: str, find: Callable[[Clinic, Any], Found], value: Any) -> Found:
        """What `find` finds at this clinic for an input; a `NotFound` then names the input."""
        try:
            return find(self.clinic, value)
        except NotFound as refusal:
            refusal.reasons = tuple(replace(reason, field=field) for reason in refusal.reasons)
            raise

    # Changing

    def version_seen(self) -> int:
        """The version in `If-Match`. Raises `IfMatchMissing` (428), or BadInput for what is not an ETag of ours."""
        sent = self.request.headers.get("If-Match")
        if sent is None:
            sentence = 'Send the header If-Match with the ETag you saw, such as "v7".'
            raise IfMatchMissing("if_match_missing", sentence, field="If-Match")
        found = _ETAG.fullmatch(sent.strip())
        if found is None:
            sentence = 'If-Match must be one ETag as this API gives it, such as "v7".'
            raise BadInput("bad_if_match", sentence, field="If-Match")
        return int(found[1])

    def once(self, act: Callable[[], Identified], *, status: int = 200) -> Done:
        """Do `act` once for this request's Idempotency-Key; a repeat does nothing and finds the same thing."""
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            sentence = "Send the header Idempotency-Key, new for each new request, such as a UUID."
            raise KeyMissing("idempotency_key_missing", sentence, field="Idempotency-Key")
        fingerprint = idempotency.fingerprint_of(
            self.request.method or "",
            self.request.path,
            self.request.headers.get("If-Match", ""),
            json.dumps(self.request.data, sort_keys=True, default=str),
        )
        answer = idempotency.once(
            actor_key=idempotency.actor_key_of(self.actor),
            key=key,
            fingerprint=fingerprint,
            act=lambda: Answer(status=status, body={"id": str(act().pk)}),
        )
        return Done(UUID(answer.body["id"]), answer.status, answer.was_replayed)

    # Answering

    def shown(
        self,
        shape: type[serializers.BaseSerializer[Any]],
        thing: Identified,
        *,
        done: Done | None = None,
    ) -> Response:
        """One thing with its ETag, if it has versions; after a change also whether it was a repeat, and where it is."""
        shown = self.shown_as(shape, thing, version_of=thing, done=done)
        if done is not None and done.status == 201:
            shown.headers["Location"] = f"{self.request.path}{thing.pk}/"
        return shown

    def shown_as(
        self,
        shape: type[serializers.BaseSerializer[Any]],
        thing: Any,
        *,
        version_of: Any,
        done: Done | None = None,
    ) -> Response:
        """Something that is read through another thing, whose ETag it has."""
        headers = {"ETag": etag(version_of)} if hasattr(version_of, "version") else {}
        if done is not None and done.was_replayed:
            headers["Idempotent-Replayed"] = "true"
        data = shape(thing, context={"zone": self.clinic.zone}).data
        return Response(data, status=done.status if done else 200, headers=headers)

    def listed(
        self,
        shape: type[serializers.BaseSerializer[Any]],
        things: QuerySet[Any],
        *,
        audit: str | None,
        seen_as: Callable[[Any], Any] | None = None,
    ) -> Response:
        """One page of `things`, and one audit event `<audit>.list` with the ids that were shown (None: not people).

        `seen_as` makes of each thing what the shape wants, where that is not the thing itself.
        """
        pages = Pages()
        found = pages.paginate_queryset(things, self.request, self)
        if found and audit:
            shown = [str(thing.pk) for thing in found]
            record(
                action=f"{audit}.list",
                entity_type=f"{audit}_list",
                entity_id=str(self.clinic.pk),
                by=self.actor,
                detail={"ids": shown},
            )
        rows = found if seen_as is None else [seen_as(thing) for thing in found or ()]
        return pages.get_paginated_response(shape(rows, many=True, context={"zone": self.clinic.zone}).data)

    def looked_at(self, what: str, thing: Any, patient_id: UUID) -> None:
        """Note in the audit log that this record was opened."""
        record(action=f"{what}.view", entity_type=what, entity_id=thing.pk, by=self.actor, patient_id=patient_id)


def etag(thing: Versioned) -> str:
    """The version of `thing` as an ETag."""
    return f'"v{thing.version}"'


def check_fresh(thing: Versioned, seen: int) -> None:
    """Raise `Stale` unless `thing` is still at the version that was seen."""
    if thing.version != seen:
        sentence = f"It is at version {thing.version} now and not at {seen}. Get it again before you change it."
        raise Stale("changed_meanwhile", sentence)


class NotHere(Endpoint):
    """Every address that is nowhere: a problem as everywhere in the API, not a page."""

    permission_classes = [Anybody]
    authentication_classes = []
    throttle_classes = []
    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        raise NotFoundAddress

    post = put = patch = get


class NotFoundAddress(NotFound):
    """There is nothing at an address."""

    def __init__(self) -> None:
        super().__init__("address")
        sentence = "There is nothing at this address. Addresses end with a slash; /api/v1/docs/ lists them all."
        self.reasons = tuple(replace(reason, sentence=sentence) for reason in self.reasons)
