"""Every refusal as one shape: RFC 9457 `application/problem+json`, with a sentence a person can act on.

`type` is one of the kinds below and leads to a page that explains it; `errors` names each input or rule at fault. The
database's own words never get out: they may hold somebody else's data.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services.idempotency import KeyReused
from core.errors import BadInput, Busy, Conflict, NeedsReason, NotAllowed, NotFound, Reason, Refusal, Stale

log = logging.getLogger("api.problems")
MEDIA_TYPE = "application/problem+json"
MOST_SHOWN = 20
RETRY_AFTER_BUSY = "1"
HOW_TO_OVERRIDE = (
    'Only rules that allow exceptions stand in the way. Send "override": {"reason": "…"} with the request to go ahead; '
    "it needs the permission visit.override, and the reason stays on the visit."
)


@dataclass(frozen=True)
class Kind:
    """One kind of problem: its code in the address of `type`, its status, its title, and what to do about it."""

    code: str
    status: int
    title: str
    meaning: str


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("malformed", 400, "The body can't be read", "The body is not one JSON object in UTF-8."),
        Kind("bad_input", 400, "Please check what you sent", "Each entry of errors names a field and what is wrong."),
        Kind(
            "idempotency_key_missing",
            400,
            "No Idempotency-Key",
            "A POST needs the header Idempotency-Key, new for each new request, so that a repeat does nothing twice.",
        ),
        Kind("not_signed_in", 401, "Not signed in", "Send Authorization: Bearer with an API key, or sign in."),
        Kind("not_allowed", 403, "Not allowed", "The key or the person lacks the permission that detail names."),
        Kind("csrf", 403, "No CSRF token", "A browser's session needs the header X-CSRFToken on every change."),
        Kind("not_found", 404, "Not found", "There is no such thing at this clinic, or no such address."),
        Kind("method_not_allowed", 405, "Method not allowed", "The header Allow names the methods of this address."),
        Kind("not_acceptable", 406, "Not acceptable", "The API answers in JSON: leave out Accept, or allow it."),
        Kind(
            "conflict",
            409,
            "Taken",
            "A rule forbids it now: the chair, the patient, the nurses' time or the units are taken, or the status "
            "does not allow it. Nothing was changed. Choose something else.",
        ),
        Kind("needs_reason", 409, "Needs a reason", HOW_TO_OVERRIDE),
        Kind("stale", 412, "Changed meanwhile", "Get it again, look at what changed, and send If-Match with its ETag."),
        Kind("too_large", 413, "Too large", "A body has at most 100,000 bytes."),
        Kind("unsupported_media_type", 415, "Not JSON", "Send Content-Type: application/json, in UTF-8."),
        Kind("idempotency_key_reused", 422, "Key used before", "The key belongs to another request. Send a new one."),
        Kind("refused", 422, "Not possible", "A rule said no; the sentences say which and why."),
        Kind(
            "if_match_missing",
            428,
            "No If-Match",
            "A change needs the header If-Match with the ETag you saw, so that nobody's work is overwritten unseen.",
        ),
        Kind("throttled", 429, "Too many requests", "Wait as many seconds as Retry-After says."),
        Kind("failed", 500, "Something went wrong here", "Nothing was changed. Quote instance when you report it."),
        Kind("busy", 503, "Busy, try again", "Nothing was changed. Try again after Retry-After seconds."),
    )
}


class IfMatchMissing(Refusal):
    """A change did not say which version it saw."""

    status = 428


class KeyMissing(BadInput):
    """A POST came without an Idempotency-Key."""


class Malformed(BadInput):
    """The body is not one JSON object."""


class TooLarge(Refusal):
    """The body is longer than any real one."""

    status = 413


_OF_REFUSALS: tuple[tuple[type[Refusal], str], ...] = (
    (IfMatchMissing, "if_match_missing"),
    (KeyMissing, "idempotency_key_missing"),
    (KeyReused, "idempotency_key_reused"),
    (Malformed, "malformed"),
    (TooLarge, "too_large"),
    (BadInput, "bad_input"),
    (NotAllowed, "not_allowed"),
    (NotFound, "not_found"),
    (NeedsReason, "needs_reason"),
    (Conflict, "conflict"),
    (Stale, "stale"),
    (Busy, "busy"),
    (Refusal, "refused"),
)
_OF_STATUSES = {
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "throttled",
}
_KEPT_HEADERS = ("WWW-Authenticate", "Retry-After")


def handle(problem: Exception, context: dict[str, Any]) -> Response:
    """The answer to anything an endpoint raised (REST_FRAMEWORK's EXCEPTION_HANDLER)."""
    request: Request = context["request"]
    if isinstance(problem, Refusal):
        return _refusal(problem, request)
    if isinstance(problem, exceptions.ValidationError):
        return _answer("bad_input", list(islice(_reasons(problem.detail), MOST_SHOWN)), request)
    if isinstance(problem, exceptions.APIException):
        return _of_framework(problem, request)
    if isinstance(problem, Http404):
        return _answer("not_found", [Reason("not_found", "There is no such thing here.")], request)
    if isinstance(problem, PermissionDenied):
        return _answer("not_allowed", [Reason("not_allowed", "This is not allowed.")], request)
    if isinstance(problem, RequestDataTooBig):
        return _answer("too_large", [Reason("too_large", "The body is too long.")], request)
    if isinstance(problem, SuspiciousOperation):
        return _answer("bad_input", [Reason("suspicious", "The request can't be read as it is.")], request)
    if isinstance(problem, OperationalError):
        # Only its code: the words of the database may hold somebody's data.
        log.error("The database did not answer: %s", getattr(problem.__cause__, "sqlstate", None))
        busy = Reason("busy", "The database did not answer in time. Nothing was changed; try again.")
        return _answer("busy", [busy], request, {"Retry-After": RETRY_AFTER_BUSY})
    got_request_exception.send(sender=handle, request=request._request)
    log.error("A bug: %s %s", request.method, request.path, exc_info=problem)
    failed = Reason("failed", "Something went wrong on our side. Nothing was changed.")
    return _answer("failed", [failed], request)


def shown(text: object) -> str:
    """What somebody sent, short and safe to send back."""
    clean = str(text).encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "�" for sign in clean[:60])


def _refusal(refusal: Refusal, request: Request) -> Response:
    code = next(code for kind, code in _OF_REFUSALS if isinstance(refusal, kind))
    headers = {"Retry-After": RETRY_AFTER_BUSY} if code == "busy" else {}
    return _answer(code, list(refusal.reasons), request, headers, status=refusal.status)


def _of_framework(problem: exceptions.APIException, request: Request) -> Response:
    code = _OF_STATUSES.get(problem.status_code, "bad_input")
    sentence = str(problem.detail)
    if sentence.startswith("CSRF Failed"):
        code, sentence = "csrf", "The header X-CSRFToken is missing or wrong; a browser's session needs it to change."
    elif isinstance(problem, exceptions.NotAuthenticated):
        sentence = "Send the header Authorization with “Bearer” and an API key, or sign in."
    elif isinstance(problem, exceptions.Throttled):
        sentence = f"Too many requests in this minute. Try again in {_wait(problem)} seconds."
    elif isinstance(problem, exceptions.UnsupportedMediaType):
        sentence = "The body must be JSON: send the header Content-Type: application/json."
    elif isinstance(problem, exceptions.MethodNotAllowed):
        sentence = f"This address does not take {shown(request.method)}. The header Allow names what it takes."
    elif isinstance(problem, exceptions.NotAcceptable):
        sentence = "The API answers in JSON only. Leave out the header Accept, or allow application/json."
    headers = {"WWW-Authenticate": str(problem.auth_header)} if hasattr(problem, "auth_header") else {}
    if isinstance(problem, exceptions.Throttled):
        headers["Retry-After"] = _wait(problem)
    return _answer(code, [Reason(code, sentence)], request, headers)


def _wait(problem: exceptions.Throttled) -> str:
    return str(max(1, int(getattr(problem, "wait", None) or 1)))


def _answer(
    code: str, reasons: list[Reason], request: Request, headers: dict[str, str] | None = None, *, status: int = 0
) -> Response:
    kind = KINDS[code]
    body: dict[str, Any] = {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": status or kind.status,
        "detail": " ".join(reason.sentence for reason in reasons[:MOST_SHOWN]),
        "instance": _instance(request),
        "errors": [_error(reason) for reason in reasons],
    }
    if code == "needs_reason":
        body["override"] = HOW_TO_OVERRIDE
    # A problem is JSON whatever was asked for, where the OpenAPI description would be YAML too.
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    return Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


def _error(reason: Reason) -> dict[str, Any]:
    """A reason as a program reads it; of an act on several visits it names the visit."""
    said = {"field": reason.field, "code": reason.code, "sentence": reason.sentence, "is_hard": reason.is_hard}
    return said | ({"visit": reason.facts["about_visit"]} if "about_visit" in reason.facts else {})


def _instance(request: Request) -> str:
    """The request's own name, as in the header X-Request-Id and in the audit log."""
    request_id = getattr(request._request, "request_id", "")
    return f"urn:uuid:{UUID(request_id)}" if request_id else ""


def _reasons(detail: Any, path: str = "") -> Iterator[Reason]:
    """One reason for each leaf of what REST framework found, its sentence beginning with the field's name."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else shown(name)
            yield from _reasons(inner, f"{path}.{step}".strip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _reasons(inner, path)
    else:
        sentence = f"{path or 'The body'} {detail}"
        yield Reason(getattr(detail, "code", None) or "invalid", sentence, field=path or None)
