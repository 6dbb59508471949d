"""What is written down agrees with the code, and nothing private of a machine slips in."""

import ast
import re
from pathlib import Path

from tests.house import source

ELSEWHERE = (
    "/wo" + "rk/",
    "/tm" + "p/brief",
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "--extra-index" + "-url",
    "--trusted" + "-host",
)


def test_the_project_names_no_machine_and_no_package_registry() -> None:
    readable = source.of_kind(".py", ".html", ".md", ".toml", ".txt", ".in", ".yml", ".yaml", ".sh", ".js", ".css", "")
    found = [
        f"{path}: {word}"
        for path in readable
        for word in ELSEWHERE
        if word in (source.ROOT / path).read_text(encoding="utf-8", errors="ignore")
    ]
    source.verdict(
        found,
        rule="No path of one machine and no package registry's address.",
        why="The project must build anywhere, behind any mirror; requirements are locked by hash, without addresses.",
        fix="Take the address out; each machine's pip and npm know their own.",
    )


def test_the_example_environment_lists_exactly_what_is_read() -> None:
    calls = ast.walk(source.tree(Path("infusion_clinic/environment.py")))
    read = {
        node.args[0].value
        for node in calls
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    listed = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", source.text(Path(".env.example")), re.MULTILINE))
    found = [f"{name} is read but not listed" for name in sorted(map(str, read - listed))]
    found += [f"{name} is listed but not read" for name in sorted(listed - {str(name) for name in read} - COMPOSE_ONLY)]
    source.verdict(
        found,
        rule=".env.example lists every variable that is read, and no other.",
        why="Whoever installs the clinic reads that file and nothing else.",
        fix="Add or remove the line, with a sentence of what it does.",
    )


COMPOSE_ONLY = {"POSTGRES_PASSWORD", "HTTP_PORT", "PORT"}


def test_every_dependency_says_why_it_is_there() -> None:
    found = [
        f"{path}: {line.split()[0]}"
        for path in source.of_kind(".in")
        for line in source.text(path).splitlines()
        if line.strip() and not line.startswith(("#", "-")) and "#" not in line
    ]
    source.verdict(
        found,
        rule="Every dependency has a reason on its line in requirements/*.in.",
        why="What nobody can explain, nobody can take out.",
        fix="Write a few words after a #.",
    )


def test_every_locked_dependency_has_a_hash_and_no_address() -> None:
    found = [
        f"{path}: {line[:60]}"
        for path in source.of_kind(".txt")
        if path.parts[0] == "requirements"
        for line in source.text(path).splitlines()
        if (line[:1].isalnum() and "==" not in line) or "://" in line
    ]
    source.verdict(
        found,
        rule="Requirements are locked to a version and a hash, without addresses.",
        why="The same bytes install on every machine, whoever serves them.",
        fix="Run `make lock`.",
    )


def test_the_map_of_the_code_names_every_package() -> None:
    path = Path("docs/architecture.md")
    words = source.text(path) if (source.ROOT / path).is_file() else ""
    source.verdict(
        [package for package in source.PACKAGES if f"`{package}`" not in words and f"`{package}/`" not in words],
        rule="docs/architecture.md names every package.",
        why="It is the map people start from.",
        fix="Add a line that says what lives there and what must never be there.",
    )
