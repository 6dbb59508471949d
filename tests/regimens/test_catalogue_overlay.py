"""What an organization changed lies on the catalogue's file, from a date on, and the file itself never moves."""

import json
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ids import new_id
from regimens.domain.catalogue_fields import indication_fields, product_fields
from regimens.domain.catalogue_overlay import overlaid, value_at
from regimens.models import CatalogueEdit, Indication, Product
from regimens.queries.therapies import entry_on, therapy, therapy_book
from regimens.services.catalogue import FILE

CATALOGUE: dict[str, Any] = json.loads(FILE.read_text())
GLOBULINS, OTHERS, INDICATIONS = (CATALOGUE[part] for part in ("ig_products", "other_therapies", "indications"))
ENTRIES = [
    *((entry, product_fields(entry, is_immune_globulin=True)) for entry in GLOBULINS),
    *((entry, product_fields(entry, is_immune_globulin=False)) for entry in OTHERS),
    *((entry, indication_fields(entry)) for entry in INDICATIONS),
]
DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))


@given(st.sampled_from(ENTRIES), DAYS)
def test_without_edits_an_entry_is_the_files_on_every_date(chosen: Any, day: date) -> None:
    entry, _ = chosen
    assert entry_on(entry, [], day) == entry
    assert overlaid(entry, []) is entry


@given(st.data(), st.sampled_from(ENTRIES), DAYS, DAYS)
def test_an_edit_counts_from_its_date_and_touches_nothing_else(
    data: st.DataObject, chosen: Any, begins_on: date, day: date
) -> None:
    entry, fields = chosen
    field = data.draw(st.sampled_from(fields))
    before = deepcopy(entry)
    edit = CatalogueEdit(field=field.name, value="changed", effective_from=begins_on)
    after = entry_on(entry, [edit], day)
    assert entry == before
    if day < begins_on:
        assert after == entry
    else:
        assert value_at(after, field.name) == "changed"
        others = [each.name for each in fields if each.name != field.name]
        assert [value_at(after, name) for name in others] == [value_at(entry, name) for name in others]


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture's rows are only read
@given(st.data(), DAYS)
def test_a_therapy_without_edits_equals_the_files(catalogue: None, data: st.DataObject, day: date) -> None:
    product = Product.objects.get(pk=data.draw(st.sampled_from([each["id"] for each in [*GLOBULINS, *OTHERS]])))
    indication = Indication.objects.get(pk=data.draw(st.sampled_from([each["id"] for each in INDICATIONS])))
    assert therapy_book(product, indication, organization_id=new_id()).on(day) == therapy(product, indication)
