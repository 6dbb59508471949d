"""Treatment orders: the list, and one with everything ordered, planned, given, and done to it."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import Refusal
from core.permissions import requires
from patients.forms import SearchForm
from regimens.forms import AcceptForm, EndForm, HoldForm, ReleaseForm
from regimens.models import OrderStatus, TreatmentOrder
from regimens.queries import orders as reading
from regimens.queries.exchanges import exchange_cautions
from regimens.queries.orders import OrderFilter
from regimens.queries.patient_facts import patient_facts
from regimens.services import orders as keeping
from regimens.services.facts import facts_of
from scheduling.presenters import order_page as page_words
from scheduling.presenters import order_preview, order_words
from scheduling.presenters import orders as presenting
from scheduling.queries.order_entry import days_to_come, preview_cover
from scheduling.queries.order_page import OrderPage, order_page

PER_PAGE = 50


@requires(Permission.ORDER_VIEW)
def orders(request: ClinicRequest) -> HttpResponse:
    """Drafts to accept, active orders, those on hold, and those that end soon."""
    form = SearchForm(request.GET or None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    today = clock.today(request.clinic.zone)
    counts = reading.counts(request.clinic, today=today)
    shown = _filter(request.GET.get("show", ""), counts, is_search=bool(text))
    found = reading.listed(request.clinic, shown, today=today, text=text)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "filters": _filter_links(shown, counts, text),
        "show": shown.value,
        "page": page,
        "rows": [presenting.listed(order) for order in page.object_list],
        "today": today,
        "can_change": request.actor.can(Permission.ORDER_CHANGE),
    }
    return render(request, "scheduling/orders.html", context)


@requires(Permission.ORDER_VIEW)
def order(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """One order: every course, its days, and why each is due when it is."""
    context = order_context(request, order_id)
    found: TreatmentOrder = context["order"]
    record(action="order.view", entity_type="order", entity_id=found.id, by=request.actor, patient_id=found.patient_id)
    return render(request, "scheduling/order.html", context)


def order_context(request: ClinicRequest, order_id: UUID) -> dict[str, Any]:
    """What the page of an order shows to this person."""
    today = clock.today(request.clinic.zone)
    page = order_page(request.clinic, order_id, today=today)
    draft = _draft_preview(request, page, today) if page.order.status == OrderStatus.DRAFT else {}
    return (
        draft
        | _acts(request, page.order)
        | {
            "order": page.order,
            "summary": presenting.summary(page.order),
            "ordered": order_words.ordered(page.order),
            "courses": presenting.course_views(page),
            "history": page_words.history(page),
            "notices": page_words.notices(page),
            "page": page,
            "today": today,
            "accept_form": AcceptForm(initial={"last_given_on": page.order.prior_dose_on or page.last_given_on}),
            "hold_form": HoldForm(),
            "release_form": ReleaseForm(),
            "end_form": EndForm(today=today),
        }
    )


def _acts(request: ClinicRequest, order: TreatmentOrder) -> dict[str, bool]:
    """What this person may do with the order as it stands."""
    may_change = request.actor.can(Permission.ORDER_CHANGE)
    is_draft, is_active = order.status == OrderStatus.DRAFT, order.status == OrderStatus.ACTIVE
    is_held = order.status == OrderStatus.ON_HOLD
    return {
        "can_accept": may_change and is_draft,
        "can_edit": may_change and is_draft,
        "can_extend": may_change and is_active,
        "can_hold": is_active and (may_change or request.actor.can(Permission.ADMINISTRATION_RECORD)),
        "can_release": is_held and (may_change or request.actor.can(Permission.ORDER_RELEASE)),
        "is_prescriber": request.actor.can(Permission.ORDER_RELEASE),
        "can_end": may_change and (is_active or is_held),
        "can_renew": may_change and not is_draft,
        "can_book": request.actor.can(Permission.VISIT_BOOK),
    }


def _draft_preview(request: ClinicRequest, page: OrderPage, today: date) -> dict[str, Any]:
    """What accepting the draft would lay out, or every reason why it cannot be."""
    order = page.order
    known = patient_facts(order.patient, order.product, last_given_on=order.prior_dose_on or page.last_given_on)
    try:
        courses = keeping.preview(facts_of(order), today=today, patient=known)
    except Refusal as refusal:
        return {"preview_reasons": refusal.reasons}
    cover = preview_cover(request.clinic, order.patient, order.product, order.hcpcs, courses, today=today)
    exchanges = exchange_cautions(order.patient, order.product, days_to_come(courses, today=today))
    others = {"beside": reading.beside(order.patient, order.product).exclude(renewed_by=order)}
    until = reading.valid_until(order)
    return order_preview.preview(courses, order.product, known, cover, exchanges, valid_until=until) | others


def _filter(text: str, counts: dict[OrderFilter, int], *, is_search: bool) -> OrderFilter:
    """The filter in the address; without one a search goes through all orders, a list shows drafts if any wait, else
    active orders."""
    if text in set(OrderFilter):
        return OrderFilter(text)
    if is_search:
        return OrderFilter.ALL
    return OrderFilter.DRAFT if counts[OrderFilter.DRAFT] else OrderFilter.ACTIVE


def _filter_links(shown: OrderFilter, counts: dict[OrderFilter, int], text: str) -> list[dict[str, Any]]:
    query = {"q": text} if text else {}
    return [
        {
            "label": one.label,
            "url": f"{reverse('scheduling:orders')}?{urlencode({'show': one.value, **query})}",
            "count": counts[one],
            "is_current": one is shown,
        }
        for one in OrderFilter
    ]
