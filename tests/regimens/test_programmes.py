"""Safety programmes by code: one drug's programme never stands for another's, however alike their names are."""

import json

from regimens.models import Product
from regimens.queries.programmes import FILE, coded, name_of, programme_of, programmes


def drug(name: str, rems: str | None) -> Product:
    return Product(id=name, name=name, data={"rems": rems})


def test_every_drug_of_the_catalogue_that_asks_for_a_programme_has_a_coded_one() -> None:
    catalogue = json.loads((FILE.parent / "catalogue.json").read_text(encoding="utf-8"))
    asking = [each for each in catalogue["other_therapies"] + catalogue["ig_products"] if each.get("rems")]
    known = {programme.code for programme in programmes()}
    found = {each["id"]: programme_of(drug(each["id"], each["rems"])) for each in asking}
    assert asking
    assert {programme.code for programme in found.values() if programme is not None} <= known
    assert {name: coded(each["rems"]) for each in asking for name in [each["id"]]} == {
        name: programme.code for name, programme in found.items() if programme is not None
    }


def test_a_brand_s_programme_does_not_open_another_brand() -> None:
    tysabri = programme_of(drug("natalizumab", "TOUCH (Tysabri); separate REMS for Tyruko (K)"))
    assert tysabri is not None
    assert (tysabri.code, tysabri.name) == ("touch", "TOUCH Prescribing Program (Tysabri)")
    assert coded(" touch ") == coded("TOUCH Prescribing Programme") == "touch"
    assert {coded("Tyruko"), coded("REMS"), coded("TOU")} == {"tyruko", "REMS", "TOU"}


def test_a_programme_nobody_coded_is_its_own_and_most_drugs_ask_for_none() -> None:
    own = programme_of(drug("new", "New REMS"))
    assert own is not None
    assert (own.code, own.name, name_of("new rems")) == ("New REMS", "New REMS", "new rems")
    assert programme_of(drug("plain", None)) is None
