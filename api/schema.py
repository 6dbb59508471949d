"""The OpenAPI 3.1 description: what every operation takes, gives and refuses, with examples.

`docs/openapi.yaml` is the committed copy; a test compares it with what the code says, so no change goes unseen.
Write it anew with `python manage.py spectacular --file docs/openapi.yaml`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers

from api.problems import HOW_TO_OVERRIDE, KINDS, MEDIA_TYPE
from api.reading import Body, Query

Method = TypeVar("Method", bound=Callable[..., Any])

DESCRIPTION = """\
Patients, orders, visits, openings, clearance, administrations and authorizations of one clinic, by the same rules as
its pages; and its arithmetic, so that others can check it.

- **Signing in.** `Authorization: Bearer inf_…` with an API key, or the session of a browser with `X-CSRFToken`.
- **Once.** Every POST that changes something needs an `Idempotency-Key`. A repeat with the same key and body does
  nothing and finds the same thing, with `Idempotent-Replayed: true`; with another body it is refused with 422. Keys are
  kept for two days.
- **No overwriting.** A change of one thing needs `If-Match` with the `ETag` you saw: without it 428, out of date 412.
- **Time.** Instants carry an offset (`2026-11-20T09:00:00-06:00`); dates are dates at the clinic.
- **Refusals.** Every one is `application/problem+json` (RFC 9457), and changes nothing. `type` says why.
- **Rate.** 600 requests a minute for each key or person; then 429 with `Retry-After`.
- **Reading is recorded**: who saw which patient is in the clinic's audit log.
"""


class ReasonShape(serializers.Serializer[Any]):
    """One rule that said no, or one field at fault."""

    field = serializers.CharField(allow_null=True, help_text="The field, header or parameter at fault, if one is.")
    code = serializers.CharField(help_text="The rule, for a program.")
    sentence = serializers.CharField(help_text="What is wrong and what to do, for a person.")
    is_hard = serializers.BooleanField(help_text="False where an override may go ahead.")
    visit = serializers.UUIDField(required=False, help_text="The visit it is about, where an act is on several.")


class ProblemShape(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField(help_text="/problems/<kind>: a page that explains it.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="All sentences together.")
    instance = serializers.CharField(help_text="This request, as in the header X-Request-Id and the audit log.")
    errors = ReasonShape(many=True)  # type: ignore[assignment]
    override = serializers.CharField(required=False, help_text="How to go ahead, where a reason is enough.")


class _KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "description": "An API key: inf_, 8 characters, _, 43 characters."}


class _SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Ours, because the cookie's name differs between installations and the committed copy must not."""

    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A browser's session."}


KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="New for each new request, such as a UUID; 1 to 128 characters. The same again repeats nothing.",
)
MATCH_HEADER = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description='The ETag you saw, such as "v7".',
)
_ALWAYS = ("bad_input", "not_signed_in", "not_allowed", "throttled")
_CHANGING = ("malformed", "too_large", "unsupported_media_type", "busy")


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    answer: type[serializers.BaseSerializer[Any]],
    is_list: bool = False,
    is_paged: bool = True,
    status: int = 200,
    body: type[Body] | None = None,
    query: type[Query] | None = None,
    sees_version: bool = False,
    repeats: bool = False,
    refuses: Sequence[str] = (),
    example: dict[str, Any] | None = None,
) -> Callable[[Method], Method]:
    """Describe one operation: `repeats` for a POST with a key, `sees_version` for a change with If-Match.

    `refuses` are the codes of problems it has besides those that all such operations have; `example` is a body.
    """
    kinds = [*_ALWAYS, *(_CHANGING if body else ()), *refuses]
    kinds += ["idempotency_key_missing", "idempotency_key_reused"] if repeats else []
    kinds += ["if_match_missing", "stale"] if sees_version else []
    headers = [*([KEY_HEADER] if repeats else []), *([MATCH_HEADER] if sees_version else [])]
    shape = _page_of(answer) if is_list and is_paged else answer(many=True) if is_list else answer
    examples = [OpenApiExample("Request", value=example, request_only=True)] if example else []
    decorate: Callable[[Method], Method] = extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        request=body,
        parameters=[*([query] if query else []), *headers],
        responses={status: OpenApiResponse(shape, description="Done."), **_problems(kinds)},
        examples=examples,
    )
    return decorate


def complete(result: dict[str, Any], **_facts: Any) -> dict[str, Any]:
    """Add what no single operation says: the description, and the headers that answers carry."""
    result["info"]["description"] = DESCRIPTION
    for path, operations in result["paths"].items():
        for described in operations.values():
            takes = {parameter["name"] for parameter in described.get("parameters", [])}
            is_one = "{" in path or "Idempotency-Key" in takes
            for status, response in described["responses"].items():
                response["headers"] = _headers(status, is_one=is_one, takes=takes)
                if MEDIA_TYPE in response.get("content", {}):
                    described["responses"][status] = _shared(result, response)
    return result


def _shared(result: dict[str, Any], response: dict[str, Any]) -> dict[str, str]:
    """Say each problem once, and refer to it from the operations that have it."""
    name = "_or_".join(sorted(response["content"][MEDIA_TYPE]["examples"]))
    result["components"].setdefault("responses", {})[name] = response
    return {"$ref": f"#/components/responses/{name}"}


def _headers(status: str, *, is_one: bool, takes: set[str]) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": _text("Names this request in logs and in the audit log.")}
    if status.startswith("2") and is_one:
        headers["ETag"] = _text('The version, such as "v7": send it as If-Match.')
    if status.startswith("2") and "Idempotency-Key" in takes:
        headers["Idempotent-Replayed"] = _text("true when this repeats an earlier answer.")
    if status == "201":
        headers["Location"] = _text("Where the new thing is.")
    if status in {"429", "503"}:
        headers["Retry-After"] = _text("Seconds to wait.")
    return headers


def _text(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _page_of(shape: type[serializers.BaseSerializer[Any]]) -> Any:
    return inline_serializer(
        name=f"PageOf{shape.__name__.removesuffix('Shape')}s",
        fields={
            "count": serializers.IntegerField(help_text="How many there are on all pages."),
            "next": serializers.CharField(allow_null=True, help_text="The next page, if there is one."),
            "previous": serializers.CharField(allow_null=True, help_text="The page before, if there is one."),
            "results": shape(many=True),
        },
    )


def _problems(codes: Sequence[str]) -> dict[tuple[int, str], OpenApiResponse]:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        (status, MEDIA_TYPE): OpenApiResponse(
            ProblemShape,
            description=" / ".join(KINDS[code].title for code in found),
            examples=[_example(code) for code in found],
        )
        for status, found in sorted(by_status.items())
    }


_SAID: dict[str, tuple[str | None, str, str]] = {
    "bad_input": ("start", "no_offset", "start has no offset from UTC. Send an instant such as …T09:00:00-06:00."),
    "conflict": ("start", "chair_taken", "A4 is taken by Quill, A. from 09:00 to 11:00. Free at 11:00, or A6 now."),
    "needs_reason": (None, "outside_window", "This is 2 days after the window, which ends on 14 November."),
    "not_found": ("chair", "not_found", "There is no such chair here."),
    "stale": (None, "changed_meanwhile", "Ines Faro changed this visit at 09:12. It is now confirmed, 10:00 in A4."),
}


def _example(code: str) -> OpenApiExample:
    kind = KINDS[code]
    field, rule, sentence = _SAID.get(code, (None, code, kind.meaning))
    value: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": sentence,
        "instance": "urn:uuid:9d3f6c1e-52a0-4b0e-9b53-0f6f3d0a7c11",
        "errors": [{"field": field, "code": rule, "sentence": sentence, "is_hard": code != "needs_reason"}],
    }
    if code == "needs_reason":
        value["override"] = HOW_TO_OVERRIDE
    return OpenApiExample(code, summary=kind.title, value=value, response_only=True, status_codes=[str(kind.status)])
