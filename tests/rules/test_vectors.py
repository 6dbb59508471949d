"""Every worked example of the domain holds: the arithmetic a pharmacist or a payer would do by hand.

An example names its rule. A more precise name (`dose.round_to_vial.tie_down`) falls back to the rule it
refines; a rule nobody implements fails.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.rules.answers import authorizations, cadence, care, regimens
from tests.rules.answers.shapes import Answer

EXAMPLES = Path(__file__).parents[1] / "data" / "vectors.json"
VECTORS = json.loads(EXAMPLES.read_text(encoding="utf-8"), parse_float=Decimal)["vectors"]
ANSWERS: dict[str, Answer] = {**regimens.ANSWERS, **cadence.ANSWERS, **authorizations.ANSWERS, **care.ANSWERS}


def answer_for(rule: str) -> Answer | None:
    name = rule
    while name:
        if name in ANSWERS:
            return ANSWERS[name]
        name = name.rpartition(".")[0]
    return None


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_a_worked_example_of_the_domain_holds(vector: dict[str, Any]) -> None:
    answer = answer_for(vector["rule"])
    assert answer is not None, f"no rule answers {vector['rule']!r} ({vector['id']}: {vector['title']})"
    answers = answer(vector["inputs"])
    given = {name: answers.get(name, "no answer") for name in vector["expected"]}
    assert given == vector["expected"], vector["working"]


def test_the_examples_have_an_id_each() -> None:
    ids = [vector["id"] for vector in VECTORS]
    assert len(ids) == len(set(ids)) > 50
