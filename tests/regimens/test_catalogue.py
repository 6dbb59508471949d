"""The catalogue comes into the database whole, once, with dated billing codes."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from audit.models import AuditEvent
from core.actor import system
from core.errors import BadInput
from regimens.models import Indication, Product, ProductCode
from regimens.services import catalogue

pytestmark = pytest.mark.django_db


def test_the_whole_catalogue_is_loaded_with_its_sources() -> None:
    call_command("load_catalogue", verbosity=0)
    assert Product.objects.filter(is_immune_globulin=True).count() == 16
    assert Product.objects.filter(is_immune_globulin=False).count() == 33
    assert Indication.objects.count() == 20
    gammagard = Product.objects.get(id="gammagard_liquid")
    assert gammagard.board_name == "IVIG"
    assert gammagard.data["sources"]
    assert gammagard.data["confidence"]["rates"] == "high"
    assert Product.objects.get(id="vedolizumab").board_name == "vedolizumab"


def test_a_second_run_changes_nothing_and_writes_no_audit_event() -> None:
    first = catalogue.load(by=system("test"))
    second = catalogue.load(by=system("test"))
    assert (first.added, first.changed) == (69, 0)
    assert (second.added, second.changed) == (0, 0)
    assert AuditEvent.objects.filter(action="catalogue.load").count() == 1


def test_a_changed_row_is_mended_and_keeps_its_id() -> None:
    catalogue.load(by=system("test"))
    Product.objects.filter(id="infliximab").update(board_name="wrong")
    ProductCode.objects.filter(product_id="vedolizumab").delete()
    again = catalogue.load(by=system("test"))
    assert (again.added, again.changed) == (0, 2)
    assert Product.objects.get(id="infliximab").board_name == "infliximab"
    assert ProductCode.objects.filter(product_id="vedolizumab").count() == 1


def test_billing_codes_carry_the_dates_they_were_in_force() -> None:
    catalogue.load(by=system("test"))
    old, new = ProductCode.objects.filter(product_id="eculizumab", label="Soliris").order_by("hcpcs")[::-1]
    assert (old.hcpcs, old.unit_mg, old.ends_on) == ("J1300", Decimal(10), date(2025, 3, 31))
    assert (new.hcpcs, new.unit_mg, new.starts_on) == ("J1299", Decimal(2), date(2025, 4, 1))
    assert ProductCode.objects.get(product_id="patisiran").unit_mg == Decimal("0.1")
    assert not ProductCode.objects.filter(product_id="qivigy").exists()


def test_a_file_that_is_no_catalogue_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    bad = tmp_path / "catalogue.json"
    bad.write_text("{}")
    with pytest.raises(BadInput) as caught:
        catalogue.load(by=system("test"), path=bad)
    assert caught.value.code == "not_a_catalogue"
    assert not Product.objects.exists()
