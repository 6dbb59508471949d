"""The OpenAPI description as pages read it: operations in groups, each with its fields and examples in words."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from api.problems import MEDIA_TYPE

Described = dict[str, Any]


@dataclass(frozen=True)
class FieldRow:
    """One field, header or parameter. `name` of a field inside another has a dot."""

    name: str
    kind: str
    is_required: bool
    note: str


@dataclass(frozen=True)
class Refusing:
    """One way in which an operation says no."""

    status: str
    code: str
    title: str
    example: str


@dataclass(frozen=True, kw_only=True)
class OperationPage:
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    group: str
    headers: tuple[FieldRow, ...]
    parameters: tuple[FieldRow, ...]
    body: tuple[FieldRow, ...]
    example: str
    status: str
    answer: tuple[FieldRow, ...]
    refusals: tuple[Refusing, ...]

    @property
    def is_whole(self) -> bool:
        """Whether fields may be needed: a PATCH needs none."""
        return self.method != "PATCH"

    @property
    def answer_title(self) -> str:
        return f"Answer, {self.status}"


@dataclass(frozen=True)
class Group:
    """Operations about one kind of thing."""

    name: str
    operations: tuple[OperationPage, ...]


@dataclass(frozen=True)
class Documentation:
    """Everything there is."""

    groups: tuple[Group, ...]

    def find(self, name: str) -> OperationPage | None:
        """The operation of that name."""
        found = (page for group in self.groups for page in group.operations if page.name == name)
        return next(found, None)


@cache
def described() -> Described:
    """The OpenAPI description, made once for the life of the process."""
    schema: Described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


@cache
def documentation() -> Documentation:
    """The description as pages read it."""
    schema = described()
    pages = [
        _page(schema, method, path, found)
        for path, operations in schema["paths"].items()
        for method, found in operations.items()
    ]
    names = dict.fromkeys(page.group for page in pages)
    return Documentation(tuple(Group(name, tuple(page for page in pages if page.group == name)) for name in names))


def _page(schema: Described, method: str, path: str, found: Described) -> OperationPage:
    status, answer = next((code, given) for code, given in found["responses"].items() if code.startswith("2"))
    body = found.get("requestBody", {}).get("content", {}).get("application/json", {})
    return OperationPage(
        name=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found["summary"],
        group=found["tags"][0],
        headers=_parameters(schema, found, "header"),
        parameters=(*_parameters(schema, found, "path"), *_parameters(schema, found, "query")),
        body=tuple(_fields(schema, body.get("schema", {}))),
        example=_first_example(body),
        status=status,
        answer=tuple(_fields(schema, answer["content"]["application/json"]["schema"])),
        refusals=tuple(_refusals(schema, found)),
    )


def _parameters(schema: Described, found: Described, where: str) -> tuple[FieldRow, ...]:
    return tuple(
        FieldRow(each["name"], _kind(schema, each["schema"]), each.get("required", False), each.get("description", ""))
        for each in found.get("parameters", [])
        if each["in"] == where
    )


def _fields(schema: Described, shape: Described, inside: str = "") -> list[FieldRow]:
    shape = _resolved(schema, shape)
    if shape.get("type") == "array":
        return _fields(schema, shape["items"], f"{inside}[]." if inside else "[].")
    rows: list[FieldRow] = []
    for name, value in shape.get("properties", {}).items():
        inner = _resolved(schema, value)
        note = value.get("description") or ("" if "properties" in inner else inner.get("description", ""))
        is_required = name in shape.get("required", [])
        rows.append(FieldRow(f"{inside}{name}", _kind(schema, value), is_required, note))
        items = _resolved(schema, inner.get("items", {}))
        if "properties" in inner:
            rows += _fields(schema, inner, f"{inside}{name}.")
        elif "properties" in items:
            rows += _fields(schema, items, f"{inside}{name}[].")
    return rows


def _resolved(schema: Described, shape: Described) -> Described:
    """The shape itself where it is a reference, also one that may be null."""
    for each in [shape, *shape.get("oneOf", []), *shape.get("anyOf", []), *shape.get("allOf", [])]:
        if "$ref" in each:
            found: Described = schema["components"]["schemas"][each["$ref"].rpartition("/")[2]]
            return found
    return shape


def _kind(schema: Described, shape: Described) -> str:
    inner = _resolved(schema, shape)
    types = inner.get("type", "value")
    words = types if isinstance(types, list) else [types]
    if "enum" in inner:
        return "one of " + ", ".join(str(each) for each in inner["enum"] if each is not None)
    detail = inner.get("format", "")
    kind = " or ".join(word for word in words if word != "null")
    if kind == "array":
        kind = f"list of {_kind(schema, inner['items'])}"
    names = {"uuid": "id", "date": "date", "date-time": "instant", "decimal": "decimal number", "time": "time"}
    kind = names.get(detail, kind)
    if inner.get("maxLength"):
        kind += f", at most {inner['maxLength']} characters"
    if "minimum" in inner and "maximum" in inner and detail != "decimal":
        kind += f" from {inner['minimum']} to {inner['maximum']}"
    return f"{kind}, or null" if "null" in words or {"type": "null"} in shape.get("oneOf", []) else kind


def _first_example(body: Described) -> str:
    values = [each["value"] for each in body.get("examples", {}).values()]
    return json.dumps(values[0], indent=2, ensure_ascii=False) if values else ""


def _refusals(schema: Described, found: Described) -> list[Refusing]:
    rows = []
    for status, response in found["responses"].items():
        if "$ref" not in response:
            continue
        content = schema["components"]["responses"][response["$ref"].rpartition("/")[2]]["content"]
        for code, example in content[MEDIA_TYPE]["examples"].items():
            text = json.dumps(example["value"], indent=2, ensure_ascii=False)
            rows.append(Refusing(status, code, example["value"]["title"], text))
    return rows
