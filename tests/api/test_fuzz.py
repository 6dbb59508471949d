"""Whatever is sent, the answer is never 5xx: bodies grown from the schema, half right and half nonsense."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.presenters import described
from tests.api.conftest import World
from tests.api.test_bad_input import described_fields, nonsense_for, resolved
from tests.api.working import OPERATIONS, READING, WRITING, Shape, working

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
DAYS = (
    st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(str)
    | st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(str)
    | st.sampled_from(["2026-03-09", "1900-01-01", "2100-12-31", "2028-02-29", "2026-11-01"])
)
AMOUNTS = st.decimals(-1, 10_000, places=3).map(str) | st.decimals(0, 3, places=1).map(str)
OFFSETS = st.integers(0, 200)
QUARTERS = st.integers(0, 7 * 96).map(
    lambda n: (datetime(2026, 3, 2, tzinfo=UTC) + n * timedelta(minutes=15)).isoformat()
)
INSTANTS = (
    QUARTERS
    | QUARTERS
    | st.builds(lambda day, at: f"{day}T{at:%H:%M:%S}Z", st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.times())
    | st.sampled_from(
        ["2026-03-03T09:00:00-06:00", "2100-12-31T23:59:59-23:59", "1900-01-01T00:00:00+23:59", "2026-03-08T08:30:00Z"]
    )
)


def right_for(value: Shape, schema: Shape) -> st.SearchStrategy[Any]:
    """Values of the right kind, sensible or not."""
    inner = resolved(value, schema)
    types = inner.get("type") or []
    kinds = {types} if isinstance(types, str) else set(types)
    by_format = {
        "date": DAYS,
        "date-time": INSTANTS,
        "decimal": AMOUNTS,
        "time": st.times().map(lambda t: f"{t:%H:%M}"),
    }
    if "properties" in inner:
        named = inner["properties"].items()
        return st.fixed_dictionaries({name: right_for(each, schema) for name, each in named})
    if "enum" in inner:
        return st.sampled_from(inner["enum"])
    if inner.get("format") in by_format:
        return by_format[inner["format"]]
    if "integer" in kinds:
        return st.integers(inner.get("minimum", 0), inner.get("maximum", 1_000)) | st.integers(0, 60)
    if "array" in kinds:
        return st.lists(AMOUNTS, max_size=13) if "string" in str(inner["items"]) else st.lists(OFFSETS, max_size=13)
    if "boolean" in kinds:
        return st.booleans()
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


def body_strategy(operation: str, known: Shape) -> st.SearchStrategy[Any]:
    """Mostly the body that works with a few fields changed for others of the right kind; also nonsense."""
    schema = described()
    shape = OPERATIONS[operation][2].get("requestBody", {}).get("content", {}).get("application/json", {})
    fields = [(name, value) for name, value in described_fields(shape.get("schema", {}), schema) if "." not in name]
    right = {name: right_for(value, schema) for name, value in fields}
    wrong = {name: st.sampled_from(nonsense_for(value, schema)) | ANY_JSON for name, value in fields}
    changed = st.sets(st.sampled_from(sorted(right)), max_size=3) if right else st.just(set[str]())
    few = changed.flatmap(lambda names: st.fixed_dictionaries({name: right[name] for name in sorted(names)}))
    like_known = few.map(lambda changes: known | changes)
    with_wrong = st.builds(lambda body, bad: body | bad, like_known, st.fixed_dictionaries({}, optional=wrong))
    strange = st.builds(lambda body, more: body | more, like_known, st.dictionaries(ANY_TEXT, ANY_JSON, max_size=2))
    return st.one_of(like_known, like_known, like_known, with_wrong, strange, ANY_JSON)


@pytest.mark.parametrize("operation", WRITING)
def test_no_body_brings_the_api_down(world: World, operation: str) -> None:
    request = working(world, operation)
    known = request.body or {}

    @SETTINGS
    @given(body=body_strategy(operation, known))
    def send(body: Any) -> None:
        answered = request.send(world, body)
        assert answered.status < 500, (body, answered.data)
        request.etag = answered.headers.get("ETag", request.etag)
        if answered.status >= 400:
            assert answered.data["detail"], body
            assert all(error["sentence"] for error in answered.data["errors"])

    send()


def test_whatever_order_was_let_in_can_be_accepted_or_is_refused_in_words(world: World) -> None:
    request = working(world, "orders_enter")

    @SETTINGS
    @given(body=body_strategy("orders_enter", request.body or {}))
    def send(body: Any) -> None:
        entered = request.send(world, body)
        if entered.status == 201:
            accepted = world.caller.post(f"orders/{entered.data['id']}/accept/", etag=entered.etag)
            assert accepted.status in {200, 400, 409}, (body, accepted.data)

    send()


@pytest.mark.parametrize("operation", WRITING)
def test_no_bytes_bring_the_api_down(world: World, operation: str) -> None:
    request = working(world, operation)
    valid = json.dumps(request.body)

    @SETTINGS
    @given(cut=st.integers(0, len(valid)), junk=st.binary(max_size=20), match=ANY_TEXT, key=ANY_TEXT)
    def send(cut: int, junk: bytes, match: str, key: str) -> None:
        # A server hands headers over as Latin-1 without line ends, so that is what can arrive.
        headers = {
            name: "".join(value.encode("utf-8", "replace").decode("latin-1").split())
            for name, value in {"If-Match": match, "Idempotency-Key": key}.items()
        }
        raw = valid.encode()[:cut] + junk + valid.encode()[cut:]
        assert world.caller.send(request.method, request.path, raw, world.caller.headers | headers).status < 500

    send()


@pytest.mark.parametrize("operation", READING)
def test_no_address_brings_the_api_down(world: World, operation: str) -> None:
    request = working(world, operation)
    names = [each["name"] for each in OPERATIONS[operation][2].get("parameters", []) if each["in"] == "query"]
    values = st.one_of(ANY_TEXT.map(lambda text: text.encode("utf-8", "replace").decode()), DAYS, st.just("1"))

    @SETTINGS
    @given(query=st.fixed_dictionaries({}, optional=dict.fromkeys([*names, "nonsense"], values)))
    def send(query: dict[str, str]) -> None:
        answered = world.caller.get(request.path, **(request.query | query))
        assert answered.status < 500, (query, answered.data)

    send()
