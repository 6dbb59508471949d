"""Bad input gets 4xx with a sentence that names the field, never 500, and changes nothing: over every operation."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from api.parsers import MOST_BYTES
from api.presenters import described
from tests.api.conftest import World
from tests.api.working import OPERATIONS, READING, WRITING, working

TABLES = (
    "patients_patient",
    "regimens_treatmentorder",
    "regimens_course",
    "scheduling_visit",
    "scheduling_visitevent",
    "scheduling_capacityslot",
    "authorizations_authorization",
    "authorizations_authorizationevent",
    "authorizations_ledgerentry",
    "messaging_outboxmessage",
    "accounts_idempotentrequest",
    "regimens_administration",
    "regimens_reaction",
    "regimens_orderevent",
    "scheduling_preinfusioncheck",
    "scheduling_clearanceoverride",
    "scheduling_chairoutage",
    "scheduling_disruption",
)

NO_TEXT = [5, 1.5, True, [], ["x"], {}, {"x": 1}, "nul\x00", "half \ud800", "x" * 10_000]
NO_ID = [5, True, [], {}, "", "x", "../../etc", "0" * 36, "{01936d2e-7c1a-7000-8000-0123456789ab}", "💉" * 36, "x\x00"]
NO_NUMBER = ["5", "five", True, [], {}, "", 1.5, -1, 10**30, "١٢", "NaN", "1e3"]
NO_AMOUNT = [True, [], {}, "", "NaN", "Infinity", "-Infinity", "1e3", "0x10", "١٢", "1" * 40, 10**30, "1,5", "½"]
NO_DAY = [
    20260303, True, [], {}, "", "tomorrow", "2026-02-30", "2026-13-01", "0000-00-00", "9999-12-31", "0001-01-01",
    "infinity", "-infinity", "2026-03-03T00:00:00Z", "2026-W10-1", "+2026-03-03", "٢٠٢٦-٠٣-٠٣", "03/04/2026",
]  # fmt: skip
NO_INSTANT = [
    1772550000, True, [], {}, "", "now", "2026-03-03", "2026-03-03T09:00:00", "2026-02-30T09:00:00Z", "infinity",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-03-03T25:00:00Z", "2026-03-03T09:00:60Z",
    "2026-03-03T09:00:00+99:99", "2026-03-03 09:00:00Z", "2026-03-03T09:00:00-06:00[America/Chicago]",
]  # fmt: skip
NO_CLOCK = [930, True, [], {}, "", "9:30", "25:00", "09:60", "09:30Z", "noon", "٠٩:٣٠"]
NO_FLAG = ["true", "yes", 1, 0, [], {}, ""]
NO_CHOICE = ["nonsense", "", 5, True, [], {}, "x\x00", "💉"]
NO_LIST = [5, True, "x", {}, {"0": 1}, ["x"], [[]], [None], [0] * 10_000]


def described_fields(shape: dict[str, Any], schema: dict[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    """Each field of a body with its description, objects inside it too."""
    for name, value in resolved(shape, schema).get("properties", {}).items():
        inner = resolved(value, schema)
        yield f"{inside}{name}", value
        if "properties" in inner:
            yield from described_fields(inner, schema, f"{inside}{name}.")


def resolved(shape: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for each in [shape, *shape.get("oneOf", []), *shape.get("allOf", [])]:
        if "$ref" in each:
            found: dict[str, Any] = schema["components"]["schemas"][each["$ref"].rpartition("/")[2]]
            return found
    return shape


def nonsense_for(value: dict[str, Any], schema: dict[str, Any]) -> list[Any]:
    """Values that the field may never take, by its kind."""
    inner = resolved(value, schema)
    types = inner.get("type") or ["object"]
    kinds = {types} if isinstance(types, str) else set(types)
    can_be_null = "null" in kinds or any(each.get("type") == "null" for each in value.get("oneOf", []))
    by_format = {"uuid": NO_ID, "date": NO_DAY, "date-time": NO_INSTANT, "time": NO_CLOCK, "decimal": NO_AMOUNT}
    listed = [choice for each in (inner, *inner.get("oneOf", [])) for choice in each.get("enum", [])]
    if listed:
        found = [choice for choice in NO_CHOICE if choice not in listed]
    elif inner.get("format") in by_format:
        found = by_format[inner["format"]]
    elif "array" in kinds:
        found = NO_LIST
    elif "boolean" in kinds:
        found = NO_FLAG
    elif "integer" in kinds:
        found = NO_NUMBER
    elif "string" in kinds:
        found = NO_TEXT
    else:
        found = [5, True, "x", [], ["x"]]
    return found if can_be_null else [*found, None]


def snapshot() -> list[Any]:
    """Every row that a request might change."""
    found = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} t")
            found.append((table, cursor.fetchone()))
    return found


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_the_requests_that_bad_input_starts_from_work(world: World, operation: str) -> None:
    request = working(world, operation)
    answered = request.send(world)
    assert answered.status in {200, 201}, answered.data


@pytest.mark.parametrize("operation", WRITING)
def test_a_value_of_the_wrong_kind_names_its_field_and_changes_nothing(world: World, operation: str) -> None:

    schema = described()
    request = working(world, operation)
    shape = OPERATIONS[operation][2].get("requestBody", {}).get("content", {}).get("application/json", {})
    before = snapshot()
    for field, value in described_fields(shape.get("schema", {}), schema):
        for bad in nonsense_for(value, schema):
            answered = request.send(world, request.with_value(field, bad))
            assert answered.status == 400, (field, bad, answered.data)
            assert any(str(name).startswith(field) for name in answered.fields), (field, bad, answered.data)
            assert field in answered.data["detail"], (field, bad, answered.data)
    assert snapshot() == before


@pytest.mark.parametrize("operation", [name for name in WRITING if name != "patients_change"])
def test_a_missing_field_is_named(world: World, operation: str) -> None:
    request = working(world, operation)
    shape = OPERATIONS[operation][2].get("requestBody", {}).get("content", {}).get("application/json", {})

    required = resolved(shape.get("schema", {}), described()).get("required", [])
    for field in required:
        body = {name: value for name, value in (request.body or {}).items() if name != field}
        answered = request.send(world, body)
        assert (answered.status, answered.fields) == (400, {field})
        assert answered.data["detail"] == f"{field} is missing."


@pytest.mark.parametrize("operation", WRITING)
def test_fields_that_are_not_the_callers_to_set_are_refused(world: World, operation: str) -> None:
    request = working(world, operation)
    before = snapshot()
    for field in (
        "id",
        "organization",
        "organization_id",
        "clinic_id",
        "version",
        "is_staff",
        "status",
        "",
        "💉\ud800",
    ):
        answered = request.send(world, (request.body or {}) | {field: "x"})
        assert answered.status == 400, (field, answered.data)
        assert "is not a field of this request" in answered.data["detail"]
        assert field[:1] in answered.data["detail"]
    assert snapshot() == before


BODIES: dict[str, tuple[bytes, int]] = {
    "an array": (b"[]", 400),
    "an array of objects": (b"[{}]", 400),
    "text": (b'"x"', 400),
    "a number": (b"1", 400),
    "null": (b"null", 400),
    "true": (b"true", 400),
    "half an object": (b'{"chair": ', 400),
    "not JSON": (b"chair=1", 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400),
    "UTF-16": ("{}".encode("utf-16"), 400),
    "Latin-1": (b'{"reason": "\xe9"}', 400),
    "NaN": (b'{"reason": NaN}', 400),
    "Infinity": (b'{"reason": -Infinity}', 400),
    "a number without end": (b'{"reason": ' + b"1" * 9_000 + b"}", 400),
    "an exponent without end": (b'{"reason": 1e99999999999999999999}', 400),
    "a field twice": (b'{"reason": "a", "reason": "b"}', 400),
    "deep nesting": (b"[" * 40_000 + b"]" * 40_000, 400),
    "deep nesting of objects": (b'{"a":' * 15_000 + b"1" + b"}" * 15_000, 400),
    "a huge body": (b'{"reason": "' + b"x" * MOST_BYTES + b'"}', 413),
    "a very huge body": (b" " * 3_000_000, 413),
    "many fields": (json.dumps({f"f{n}": n for n in range(5_000)}).encode(), 400),
}


@pytest.mark.parametrize("operation", WRITING)
def test_a_body_that_is_no_object_is_refused(world: World, operation: str) -> None:
    request = working(world, operation)
    headers = world.caller.headers | {"Idempotency-Key": "k", "If-Match": '"v1"'}
    before = snapshot()
    for name, (raw, status) in BODIES.items():
        answered = world.caller.send(request.method, request.path, raw, headers)
        assert answered.status == status, (name, answered.data)
        assert answered.headers["Content-Type"] == "application/problem+json"
        assert answered.data["detail"], name
    assert snapshot() == before


@pytest.mark.parametrize("operation", WRITING)
def test_a_body_that_is_not_json_is_refused(world: World, operation: str) -> None:
    request = working(world, operation)
    headers = world.caller.headers | {"Idempotency-Key": "k", "If-Match": '"v1"'}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x/\x7f"):
        answered = world.caller.send(request.method, request.path, b"reason=x", headers, kind=kind)
        assert (answered.status, answered.data["type"]) == (415, "/problems/unsupported_media_type"), kind


@pytest.mark.parametrize("charset", ["hex", "utf-7", "nonsense", "bz2", "utf-8"])
def test_a_body_is_read_as_utf_8_whatever_it_says(world: World, charset: str) -> None:
    headers = world.caller.headers | {"Idempotency-Key": "k"}
    kind = f"application/json; charset={charset}"
    answered = world.caller.send("POST", "visits/", json.dumps(world.book_body()), headers, kind=kind)
    assert answered.status in {201, 415}


@pytest.mark.parametrize("operation", READING)
def test_a_parameter_that_makes_no_sense_is_named(world: World, operation: str) -> None:
    request = working(world, operation)
    parameters = [each for each in OPERATIONS[operation][2].get("parameters", []) if each["in"] == "query"]
    for parameter in parameters:
        name = parameter["name"]
        values = (
            ["\x00", "x" * 10_000]
            if name in {"q", "lot"}
            else ["", "x", "\x00", "-1", "9" * 40, "9999-12-31", "💉", "1e3"]
        )
        for value in values:
            answered = world.caller.get(request.path, **(request.query | {name: value}))
            assert (answered.status, answered.fields) == (400, {name}), (value, answered.data)
        twice = world.caller.get(f"{request.path}?{name}=1&{name}=2")
        assert (twice.status, twice.fields) == (400, {name})
    if parameters:
        assert world.caller.get(request.path, nonsense="1").fields == {"nonsense"}


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("2020-01-06T09:00:00-06:00", "in_the_past"),
        ("2026-03-02T07:00:00-06:00", "in_the_past"),
        ("2026-03-03T09:07:00-06:00", "off_grid"),
        ("2026-03-03T09:00:01-06:00", "off_grid"),
    ],
)
def test_a_start_that_no_visit_can_have_is_bad_input(world: World, start: str, code: str) -> None:
    refused = world.caller.post("visits/", world.book_body(start=start))
    assert refused.status in {400, 409}  # 409 where other rules are broken too
    assert code in {error["code"] for error in refused.data["errors"]}


def test_the_night_the_clocks_go_forward_has_no_half_past_two(world: World) -> None:
    refused = world.caller.post("visits/", world.book_body(start="2026-03-08T02:30:00"))
    assert (refused.status, refused.fields) == (400, {"start"})
    assert "has no offset" in refused.data["detail"]


def test_dates_in_the_wrong_order_are_named(world: World) -> None:
    for path, query in (("visits/", {}), ("openings/", {"course_day": str(world.course_day.pk)})):
        reversed_dates = world.caller.get(path, **query, **{"from": "2026-03-05", "to": "2026-03-03"})
        assert (reversed_dates.status, reversed_dates.fields) == (400, {"to"})
        endless = world.caller.get(path, **query, **{"from": "1900-01-01", "to": "2100-12-31"})
        assert (endless.status, endless.fields) == (400, {"to"})


def test_an_address_that_is_nowhere_is_a_problem_too(world: World) -> None:
    for path in ("nowhere/", "visits", "visits/5/", "visits/%00/", f"visits/{'9' * 5_000}/", "../", "v2/"):
        for answered in (world.caller.get(path), world.caller.post(path, {})):
            assert (answered.status, answered.data["type"]) == (404, "/problems/not_found"), path
            assert answered.headers["Content-Type"] == "application/problem+json"


def test_a_method_an_address_does_not_take_is_refused(world: World) -> None:
    headers = world.caller.headers
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        answered = world.caller.send(method, "visits/", b"", headers | {"X-HTTP-Method-Override": "POST"})
        assert (answered.status, answered.data["type"]) == (405, "/problems/method_not_allowed"), method
        assert answered.headers["Allow"] == "GET, HEAD, POST"


def test_only_json_comes_back(world: World) -> None:
    caller = world.caller
    caller.headers = caller.headers | {"Accept": "text/html"}
    assert caller.get("visits/").data["type"] == "/problems/not_acceptable"
