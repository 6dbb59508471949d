"""The queue and the page of one authorization."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from authorizations import demand
from authorizations.models import Authorization
from authorizations.presenters import acts
from authorizations.presenters import queue as queue_page
from authorizations.queries import dossier, records, worklist
from authorizations.services import reading
from core import clock
from core.permissions import requires

ROWS_A_PAGE = 60


@requires(Permission.AUTHORIZATION_VIEW)
@require_safe
def queue(request: ClinicRequest) -> HttpResponse:
    """What to work on, highest risk first; narrowed by `?show=`."""
    today = clock.today(request.clinic.zone)
    upcoming = demand.upcoming(clinic=request.clinic, today=today)
    rows = worklist.queue(clinic=request.clinic, today=today, upcoming=upcoming)
    chosen = queue_page.filter_of(request.GET.get("show", ""))
    shown = [row for row in rows if row.matches(chosen, user_id=request.actor.id)]
    page = Paginator(shown, ROWS_A_PAGE).get_page(request.GET.get("page"))
    reading.listed((row.patient_id for row in page.object_list), by=request.actor)
    context = {
        "page": page,
        "rows": [queue_page.row_view(row) for row in page.object_list],
        "filters": queue_page.filters(worklist.counts(rows, user_id=request.actor.id), chosen),
        "chosen": queue_page.FILTER_WORDS[chosen],
        "next_follow_up_on": queue_page.next_follow_up_on(rows, today),
        "today": today,
        "can_change": request.actor.can(Permission.AUTHORIZATION_CHANGE),
    }
    return render(request, "authorizations/queue.html", context)


@requires(Permission.AUTHORIZATION_VIEW)
@require_safe
def authorization(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """One authorization: a page, or beside the queue a panel."""
    found = records.get(request.clinic, authorization_id)
    reading.opened(found, by=request.actor)
    template = "authorizations/authorization.html"
    name = f"{template}#panel" if request.htmx else template
    return render(request, name, page_context(request, found))


def page_context(request: ClinicRequest, found: Authorization) -> dict[str, object]:
    """What the page of an authorization shows."""
    today = clock.today(request.clinic.zone)
    orders = dossier.orders_of(found)
    upcoming = demand.upcoming(clinic=request.clinic, today=today, order_ids=[order.id for order in orders])
    can_change = request.actor.can(Permission.AUTHORIZATION_CHANGE)
    row = worklist.row_of(found, upcoming=upcoming, today=today)
    view = queue_page.row_view(row) if row else None
    return {
        "view": view,
        "file": dossier.dossier(found, orders=orders, upcoming=upcoming),
        "authorization": found,
        "acts": acts.all_acts(found, view.act if view else None) if can_change else (),
        "can_change": can_change,
        "today": today,
        "now": clock.now(),
    }
