"""Calculations for anybody who may see the catalogue or orders: a plan from an order's facts, one course's estimate.

Nothing is saved, so neither needs an Idempotency-Key.
"""

from itertools import accumulate
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api.endpoint import Endpoint
from api.permissions import Needs
from api.schema import operation
from api.shapes.orders import PreviewBody
from api.shapes.plans import EstimateBody, EstimateShape, PlanShape
from api.views.orders import EXAMPLE as ORDER
from core import clock
from patients.queries import records as patients
from regimens.domain.validity import last_valid_on
from regimens.queries import catalogue
from regimens.queries.patient_facts import PatientFacts, patient_facts
from regimens.services import estimating, orders
from regimens.services.dose_notices import dose_notices
from regimens.services.facts import OrderFacts

VISIT = {
    "product": "gammagard_liquid",
    "indication": "PI",
    "on": "2026-11-24",
    "dose_basis": "g_per_kg",
    "dose_amount": "0.429",
    "weight_kg": "70",
    "days_since_last": 21,
    "needs_premedication": True,
}


class OrderPreview(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation(
        "orders_preview",
        "Lay an order out for twelve months without saving it",
        tag="orders",
        answer=PlanShape,
        body=PreviewBody,
        refuses=["not_found"],
        example=ORDER,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body(PreviewBody)
        product = catalogue.product(wanted["product"])
        known = PatientFacts(organization_id=self.clinic.organization_id)
        if (patient_id := wanted.pop("patient")) is not None:
            known = patient_facts(self.named("patient", patients.get, patient_id), product)
        named: dict[str, Any] = {"product": product, "indication": catalogue.indication(wanted["indication"])}
        today = clock.today(self.clinic.zone)
        facts = OrderFacts(**(wanted | named))
        courses = orders.preview(facts, today=today, patient=known)
        until = last_valid_on(signed_on=facts.signed_on, starts_on=facts.starts_on, ends_on=facts.ends_on)
        sums = list(accumulate(course.units for course in courses))
        rows = [vars(course) | {"dose_mg": course.dose_mg, "units": course.units} for course in courses]
        plan = {
            "through_on": orders.a_year_after(today),
            "valid_until": until,
            "notices": dose_notices(facts, organization_id=self.clinic.organization_id),
            "units": sums[-1] if sums else 0,
            "courses": [
                row | {"running_units": units, "needs_renewed_order": row["days"][-1].due_on > until}
                for row, units in zip(rows, sums, strict=True)
            ],
        }
        return Response(PlanShape(plan).data)


class VisitEstimate(Endpoint):
    permission_classes = [Needs(Permission.CATALOGUE_VIEW)]

    @operation(
        "estimates_visit",
        "Work out dose, vials, units and chair time of one course",
        tag="estimates",
        answer=EstimateShape,
        body=EstimateBody,
        example=VISIT,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted, today = self.body(EstimateBody), clock.today(self.clinic.zone)
        named = {
            "product": catalogue.product(wanted["product"]),
            "indication": catalogue.indication(wanted["indication"]),
            "on": wanted["on"] or today,
        }
        found = estimating.estimate(
            estimating.Wanted(**(wanted | named)), organization_id=self.clinic.organization_id, today=today
        )
        return Response(EstimateShape(found).data)
