"""The treatment plan on paper: one order's, or all of a patient's with what they get elsewhere."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.permissions import requires
from patients.queries import records
from scheduling.presenters.plan_print import sheet
from scheduling.queries.plan_print import order_plan, patient_plan


@requires(Permission.ORDER_VIEW)
def order_plan_print(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """One order's plan, for paper."""
    today = clock.today(request.clinic.zone)
    plan = order_plan(request.clinic, order_id, today=today)
    record(action="order.print", entity_type="order", entity_id=order_id, by=request.actor, patient_id=plan.patient.id)
    return render(request, "scheduling/plan_print.html", sheet(plan, now=clock.now()) | {"order_id": order_id})


@requires(Permission.ORDER_VIEW)
def patient_plan_print(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Everything a patient is planned to get, here and elsewhere, for paper."""
    patient = records.get(request.clinic, patient_id)
    today = clock.today(request.clinic.zone)
    plan = patient_plan(request.clinic, patient, today=today)
    record(
        action="patient.print_plan",
        entity_type="patient",
        entity_id=patient.id,
        by=request.actor,
        patient_id=patient.id,
    )
    return render(request, "scheduling/plan_print.html", sheet(plan, now=clock.now()))
