"""What a pharmacist may give instead of the ordered product.

An order says whether the pharmacist may substitute. Brands of immune globulin stand in for each other; the brands of
other drugs are billing codes of one product, so there is nothing to substitute.
"""

from regimens.models import Product, TreatmentOrder
from regimens.queries import catalogue


def choices(order: TreatmentOrder) -> list[Product]:
    """What may be given for `order`, the ordered product first; only that one unless the order allows another."""
    if not (order.may_substitute and order.product.is_immune_globulin):
        return [order.product]
    others = [one for one in catalogue.products() if one.is_immune_globulin and one.id != order.product_id]
    return [order.product, *others]
