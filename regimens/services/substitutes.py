"""Another brand than the one ordered: whether it may be given, and how it bills. See `queries.substitutes`."""

from datetime import date

from core.errors import BadInput
from regimens.models import Product, TreatmentOrder
from regimens.queries import catalogue
from regimens.queries.therapies import Therapy


def given_product(order: TreatmentOrder, product_id: str) -> Product:
    """The product that was given. Raises BadInput (field "product") for one that may not stand in."""
    if product_id in {"", order.product_id}:
        return order.product
    if not order.may_substitute:
        sentence = f"The order is for {order.product} and allows no other brand. Ask the prescriber."
        raise BadInput("no_substitute", sentence, field="product")
    product = catalogue.product(product_id)
    if not (product.is_immune_globulin and order.product.is_immune_globulin):
        sentence = f"{product} cannot stand in for {order.product}. Only another immune globulin can."
        raise BadInput("no_substitute", sentence, field="product")
    return product


def hcpcs_of(order: TreatmentOrder, product: Product, therapy: Therapy, on: date) -> str:
    """The code that bills what was given: the order's own, or the one of the brand given instead."""
    if product.id == order.product_id:
        return order.hcpcs
    return next((brand.code.hcpcs for brand in therapy.brands_on(on)), order.hcpcs)
