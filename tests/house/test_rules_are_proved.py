"""Every line and branch of the pure rules is run by their own tests, without Django, a database or a clock.

To see what is missing, run the two commands of `COMMANDS` by hand and read the report.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT, python

PYTEST = ("pytest", "-q", "-c", os.devnull, "--rootdir=.", "-p", "no:django", "-p", "no:cacheprovider", "--noconftest")
"""Hypothesis takes the settings of `tests/rules`; no other conftest is read, so no server starts."""
PURE = ("tests/rules", "tests/patients/test_diary_rules.py", "tests/regimens/test_catalogue_values.py")
COMMANDS = (
    (
        *("run", f"--rcfile={os.devnull}", "--branch", "--include=*/domain/*"),
        *("-m", *PYTEST, "-p", "tests.rules.conftest", *PURE),
    ),
    ("json", f"--rcfile={os.devnull}", "--include=*/domain/*", "-o", "{report}"),
)


@pytest.mark.slow
def test_the_tests_of_the_rules_alone_run_every_branch_of_them(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    environment = {**os.environ, "COVERAGE_FILE": str(tmp_path / "data")}
    for command in COMMANDS:
        words = [word.format(report=report) for word in command]
        ran = subprocess.run(
            [sys.executable, "-m", "coverage", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    measured = json.loads(report.read_text(encoding="utf-8"))["files"]
    rules = [path.as_posix() for path in python() if path.parts[1] == "domain" and path.name != "__init__.py"]
    assert len(rules) > 40
    assert {name for name in rules if name not in measured} == set(), "no rule test imports these"
    missing = {
        name: [*facts["missing_lines"], *facts["missing_branches"]]
        for name, facts in measured.items()
        if facts["missing_lines"] or facts["missing_branches"]
    }
    assert missing == {}
