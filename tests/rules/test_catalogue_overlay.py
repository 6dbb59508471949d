"""Another value in a place of an entry: exactly there, and the entry itself never moves."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import regimens
from regimens.domain.catalogue_fields import indication_fields, product_fields
from regimens.domain.catalogue_overlay import overlaid, value_at
from regimens.domain.catalogue_values import read, words, written

CATALOGUE: dict[str, Any] = json.loads(
    (Path(regimens.__file__).parent / "data" / "catalogue.json").read_text(encoding="utf-8")
)
GLOBULINS, OTHERS, INDICATIONS = (CATALOGUE[part] for part in ("ig_products", "other_therapies", "indications"))
ENTRIES = [
    *((entry, product_fields(entry, is_immune_globulin=True)) for entry in GLOBULINS),
    *((entry, product_fields(entry, is_immune_globulin=False)) for entry in OTHERS),
    *((entry, indication_fields(entry)) for entry in INDICATIONS),
]


@given(st.sampled_from(ENTRIES))
def test_nothing_put_in_leaves_the_entry(chosen: Any) -> None:
    assert overlaid(chosen[0], []) is chosen[0]


@given(st.data(), st.sampled_from(ENTRIES))
def test_a_value_is_put_in_its_place_and_nowhere_else(data: st.DataObject, chosen: Any) -> None:
    entry, fields = chosen
    field = data.draw(st.sampled_from(fields))
    before = deepcopy(entry)
    after = overlaid(entry, [(field.name, "earlier"), (field.name, "changed")])
    assert entry == before
    assert value_at(after, field.name) == "changed"
    others = [each.name for each in fields if each.name != field.name]
    assert [value_at(after, name) for name in others] == [value_at(entry, name) for name in others]


@given(st.sampled_from(ENTRIES))
def test_every_number_of_the_file_can_be_written_and_read_back(chosen: Any) -> None:
    entry, fields = chosen
    for field in fields:
        value = value_at(entry, field.name)
        text = written(field, value)
        if text:
            assert words(field, read(field, text)) == words(field, value)


def test_the_row_of_an_indication_without_a_profile_is_added() -> None:
    entry = {"indication_profiles": [{"indication": "PI", "first": [1]}]}
    after = overlaid(entry, [("indication_profiles.CIDP.first", [2]), ("indication_profiles.PI.max", 3)])
    assert after["indication_profiles"] == [
        {"indication": "PI", "first": [1], "max": 3},
        {"indication": "CIDP", "first": [2]},
    ]
    assert overlaid({}, [("indication_profiles.MMN.first", [2])]) == {
        "indication_profiles": [{"indication": "MMN", "first": [2]}]
    }


def test_a_place_that_is_not_there_holds_nothing() -> None:
    entry = {"regimens": [{"loading": None}], "name": "x"}
    assert value_at(entry, "regimens.0.loading.days") is None
    assert value_at(entry, "regimens.3.loading") is None
    assert value_at(entry, "name.more") is None
    assert overlaid(entry, [("dose.max_mg", "5")])["dose"] == {"max_mg": "5"}
