"""Whatever is sent, the answer is never 5xx: bodies grown from the schema, half right and half nonsense."""

import json
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
DAYS = st.dates().map(str) | st.sampled_from(["2026-03-09", "1900-01-01", "2100-12-31", "2028-02-29", "2026-11-01"])
INSTANTS = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.sampled_from(
    ["2026-03-03T09:00:00-06:00", "2100-12-31T23:59:59-23:59", "1900-01-01T00:00:00+23:59", "2026-03-08T08:30:00Z"]
)


def values_of(value: Shape, schema: Shape, known: Any) -> st.SearchStrategy[Any]:
    """Values for a field: the one that works, right ones by its kind, nonsense, and anything at all."""
    inner = resolved(value, schema)
    types = inner.get("type") or []
    kinds = {types} if isinstance(types, str) else set(types)
    right: st.SearchStrategy[Any] = ANY_TEXT
    if "enum" in inner:
        right = st.sampled_from(inner["enum"])
    elif inner.get("format") == "date":
        right = DAYS
    elif inner.get("format") == "date-time":
        right = INSTANTS
    elif inner.get("format") == "decimal":
        right = st.decimals(-10, 10_000, places=3).map(str)
    elif "integer" in kinds:
        right = st.integers(-1, 1_000_001)
    elif "array" in kinds:
        right = st.lists(st.integers(-1, 200) | st.sampled_from(["1.0", "2.5"]), max_size=14)
    elif "boolean" in kinds:
        right = st.booleans()
    nonsense = st.sampled_from(nonsense_for(value, schema))
    return st.one_of(st.just(known), st.just(known), right, right, nonsense, ANY_JSON)


def body_strategy(operation: str, known: Shape) -> st.SearchStrategy[Any]:
    """Bodies for an operation: each field there or not, right or wrong, now and then a strange one beside them."""
    schema = described()
    shape = OPERATIONS[operation][2].get("requestBody", {}).get("content", {}).get("application/json", {})
    fields = [(name, value) for name, value in described_fields(shape.get("schema", {}), schema) if "." not in name]
    chosen = {name: values_of(value, schema, known.get(name)) for name, value in fields}
    objects = st.fixed_dictionaries(chosen)
    with_gaps = st.fixed_dictionaries({}, optional=chosen)
    strange = st.builds(lambda body, more: body | more, objects, st.dictionaries(ANY_TEXT, ANY_JSON, max_size=2))
    return st.one_of(objects, objects, with_gaps, strange, ANY_JSON)


@pytest.mark.parametrize("operation", WRITING)
def test_no_body_brings_the_api_down(world: World, operation: str) -> None:
    request = working(world, operation)
    known = request.body or {}

    @SETTINGS
    @given(body=body_strategy(operation, known))
    def send(body: Any) -> None:
        answered = request.send(world, body)
        assert answered.status < 500, (body, answered.data)
        if answered.status >= 400:
            assert answered.data["detail"], body
            assert all(error["sentence"] for error in answered.data["errors"])

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
