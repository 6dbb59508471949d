"""Products and indications to choose from, and what the catalogue suggests for an order."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from core.errors import BadInput
from patients.models import Patient
from regimens.domain.weight import Sex, WeightBasis, dosing_weight
from regimens.models import Indication, Product
from regimens.queries.suggestions import Suggestion, Template, suggestion, templates

__all__ = [
    "SuggestedWeight",
    "Suggestion",
    "Template",
    "dosing_weight_of",
    "indication",
    "indications",
    "product",
    "products",
    "suggestion",
    "templates",
]


def products() -> list[Product]:
    """Every product, by name."""
    return list(Product.objects.order_by("name"))


def indications() -> list[Indication]:
    """Every indication, by name."""
    return list(Indication.objects.order_by("name"))


def product(product_id: str) -> Product:
    """The product, with its codes. Raises BadInput (field "product") when the catalogue has none of that id."""
    found = Product.objects.prefetch_related("codes").filter(pk=product_id[:40]).first()
    if found is None:
        raise BadInput("unknown_product", f"The catalogue has no product “{product_id[:40]}”.", field="product")
    return found


def indication(indication_id: str) -> Indication:
    """The indication. Raises BadInput (field "indication") when the catalogue has none of that id."""
    found = Indication.objects.filter(pk=indication_id[:20]).first()
    if found is None:
        sentence = f"The catalogue has no indication “{indication_id[:20]}”."
        raise BadInput("unknown_indication", sentence, field="indication")
    return found


@dataclass(frozen=True)
class SuggestedWeight:
    """A weight to dose by, how it was chosen ("actual", "adjusted"), and when the patient was weighed."""

    kg: Decimal
    basis: str
    measured_kg: Decimal
    measured_on: date


def dosing_weight_of(patient: Patient, product: Product) -> SuggestedWeight | None:
    """The weight to dose by, from the last measured one; immune globulin goes by adjusted weight above BMI 30.

    None when nobody weighed the patient. One SQL statement.
    """
    last = patient.weights.first()
    if last is None:
        return None
    measured = SuggestedWeight(last.kg, WeightBasis.ACTUAL.value, last.kg, last.measured_on)
    if not product.is_immune_globulin or patient.height_cm is None or patient.sex not in set(Sex):
        return measured
    chosen = dosing_weight(actual_kg=Fraction(last.kg), height_cm=Fraction(patient.height_cm), sex=Sex(patient.sex))
    return SuggestedWeight(_decimal(chosen.kg), chosen.basis.value, last.kg, last.measured_on)


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.001"), ROUND_HALF_UP).normalize()
