"""The list of laboratory tests: one code, name and unit for records, orders and the gate.

A code that is not on the list may be recorded all the same: what a test is called is no reason to lose its result.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from patients.domain.lab_results import LabTest

LIST = Path(__file__).parent.parent / "data" / "labs.json"


@cache
def lab_tests() -> Mapping[str, LabTest]:
    """Every listed test by its code, in the order of the list."""
    listed = json.loads(LIST.read_text(encoding="utf-8"))["tests"]
    return MappingProxyType({item["code"]: LabTest.read(item) for item in listed})


def lab_name(code: str) -> str:
    """The name of a test; an unlisted code is its own name."""
    test = lab_tests().get(code)
    return test.name if test else code.replace("_", " ").capitalize()
