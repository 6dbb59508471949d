"""How the house is kept readable: names that say something, files read in one sitting, functions seen at a glance."""

import ast

from tests.house import source

LONGEST_FILE, LONGEST_FUNCTION = 400, 40
EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "stuff", "tools"}
GENERATED = {"static/css/board-grid.css", "static/icons.svg"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [str(path) for path in source.python(tests=True) if EMPTY_NAMES & {path.stem, *path.parts[:-1]}]
    source.verdict(
        found,
        rule="No module is called utils, common, helpers, misc or tools.",
        why="A name that says nothing collects everything.",
        fix="Name it after what it does.",
    )


def test_files_can_be_read_in_one_sitting() -> None:
    kinds = [*source.python(tests=True), *source.of_kind(".html", ".css", ".js")]
    found = [
        f"{path}: {lines} lines"
        for path in kinds
        if str(path) not in GENERATED and (lines := len(source.text(path).splitlines())) >= LONGEST_FILE
    ]
    source.verdict(
        found,
        rule=f"Files have fewer than {LONGEST_FILE} lines.",
        why="Nobody holds a longer one in the head.",
        fix="Find the second thing it does and give it a file.",
    )


def test_functions_can_be_seen_at_a_glance() -> None:
    found = [
        f"{path}:{node.lineno} {node.name}: {lines} lines"
        for path in source.python()
        for node in source.functions(path)
        if (lines := _length(node)) >= LONGEST_FUNCTION
    ]
    source.verdict(
        found,
        rule=f"Functions have fewer than {LONGEST_FUNCTION} lines, signature and docstring apart.",
        why="A longer one does several things, and is tested as one.",
        fix="Give the steps names.",
    )


def test_modules_say_why_they_exist() -> None:
    found = [
        str(path) for path in source.python() if source.text(path).strip() and not ast.get_docstring(source.tree(path))
    ]
    source.verdict(
        found,
        rule="Every module opens with a docstring.",
        why="The next reader needs to know why it exists and what it promises.",
        fix="Write one true sentence at its top.",
    )


def test_imports_are_absolute() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in source.python(tests=True)
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    source.verdict(
        found,
        rule="Imports are absolute.",
        why="One can see and search where a name comes from.",
        fix="Write the package's name.",
    )


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
