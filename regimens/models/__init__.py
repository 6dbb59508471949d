"""The drug catalogue, treatment orders, the courses they lay out, and what was given."""

from regimens.models.catalogue import CatalogueEdit, Indication, Product, ProductCode
from regimens.models.elsewhere import ElsewhereKind, ElsewhereTherapy, SafetyEnrolment
from regimens.models.given import Administration, AdministrationLot, RateChange, Reaction
from regimens.models.orders import (
    Course,
    CourseDay,
    CoursePhase,
    DoseBasis,
    LateDosePolicy,
    OrderEvent,
    OrderStatus,
    Titration,
    TreatmentOrder,
    TreatmentOrderQuerySet,
    WeightBasis,
)

__all__ = [
    "Administration",
    "AdministrationLot",
    "CatalogueEdit",
    "Course",
    "CourseDay",
    "CoursePhase",
    "DoseBasis",
    "ElsewhereKind",
    "ElsewhereTherapy",
    "Indication",
    "LateDosePolicy",
    "OrderEvent",
    "OrderStatus",
    "Product",
    "ProductCode",
    "RateChange",
    "Reaction",
    "SafetyEnrolment",
    "Titration",
    "TreatmentOrder",
    "TreatmentOrderQuerySet",
    "WeightBasis",
]
