"""The project's own files, read once: what git tracks or would track, without what others wrote."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "core",
    "audit",
    "accounts",
    "patients",
    "regimens",
    "messaging",
    "authorizations",
    "scheduling",
    "api",
    "infusion_clinic",
)
_OTHERS = ("static/vendor/", "tests/browser/vendor/", "staticfiles/")


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = set(listed.stdout.splitlines()) if listed.returncode == 0 else _walk()
    ours = (name for name in names if not name.startswith(_OTHERS))
    return tuple(sorted(path for name in ours if (ROOT / (path := Path(name))).is_file()))


def _walk() -> set[str]:
    """For a copy without git: everything but hidden folders."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return {str(path) for path in found if not any(part.startswith(".") for part in path.parts[:-1])}


def of_kind(*suffixes: str) -> list[Path]:
    """The files with one of these endings."""
    return [path for path in files() if path.suffix in suffixes]


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def python(*, tests: bool = False) -> list[Path]:
    """The packages' modules, without migrations; with `tests` the suite's too."""
    tops = {*PACKAGES, "tests", "bench"} if tests else set(PACKAGES)
    return [path for path in of_kind(".py") if path.parts[0] in tops and "migrations" not in path.parts]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each module that `path` imports, as (line, dotted name); ``from a import b`` counts as a and as a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_adapter(path: Path) -> bool:
    """Whether a module faces the outside: views, tasks, endpoints, the patient's pages."""
    in_portal = path.parts[:2] == ("scheduling", "portal") and path.stem in {"views", "sign_in"}
    in_api = path.parts[0] == "api" and path.stem != "queries" and "queries" not in path.parts
    return path.stem in {"views", "tasks"} or "views" in path.parts or in_portal or in_api


def verdict(found: list[str], *, rule: str, why: str, fix: str) -> None:
    """Fail with the rule, its reason, the way out, and every place."""
    if found:
        places = "\n  ".join(found)
        pytest.fail(f"\nRule: {rule}\nReason: {why}\nFix: {fix}\n  {places}", pytrace=False)
