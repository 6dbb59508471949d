"""The catalogue as everybody at work reads it: the list, a product, an indication."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.permissions import requires
from patients.forms import SearchForm
from regimens.queries import catalogue_pages as reading
from regimens.queries.catalogue_pages import CatalogueList
from scheduling.presenters import catalogue as presenting

SHOWN = {
    "all": "Everything",
    "ig": "Immune globulins",
    "other": "Other drugs",
    "indications": "Indications",
    "check": "Needs label check",
}


@requires(Permission.CATALOGUE_VIEW)
def catalogue(request: ClinicRequest) -> HttpResponse:
    """Search and narrow the list of products and indications."""
    form = SearchForm(request.GET or None)
    form.fields["q"].label = "Name, brand or billing code"
    text = form.cleaned_data["q"] if form.is_valid() else ""
    shown = request.GET.get("show", "all")
    shown = shown if shown in SHOWN else "all"
    found = reading.listing(organization_id=request.clinic.organization_id, today=clock.today(request.clinic.zone))
    context = _sections(found, shown, text) | {
        "form": form,
        "q": text,
        "show": shown,
        "filters": _filters(found, shown, text),
    }
    return render(request, "scheduling/catalogue.html", context)


@requires(Permission.CATALOGUE_VIEW)
def product(request: ClinicRequest, product: str) -> HttpResponse:
    """Every number of a product with its source and confidence, its codes, and what was changed."""
    today = clock.today(request.clinic.zone)
    page = reading.product_page(product, organization_id=request.clinic.organization_id, today=today)
    may_change = request.actor.can(Permission.CATALOGUE_CHANGE)
    context = {
        "page": page,
        "product": page.product,
        "needs_check": bool(page.entry.get("requires_label_check")),
        "label_check": presenting.label_check(page, may_change=may_change, today=today),
        "groups": presenting.groups(
            page.numbers,
            url_name="scheduling:catalogue-product-change",
            key=page.product.pk,
            may_change=may_change,
            today=today,
        ),
        "codes": presenting.code_views(page, today=today),
        "facts": presenting.product_facts(page),
        "sources": presenting.sources(page.product.data),
        "may_change": may_change,
    }
    return render(request, "scheduling/catalogue_product.html", context)


@requires(Permission.CATALOGUE_VIEW)
def indication(request: ClinicRequest, indication: str) -> HttpResponse:
    """Every number of an indication with its source and confidence, and the products labelled for it."""
    today = clock.today(request.clinic.zone)
    page = reading.indication_page(indication, organization_id=request.clinic.organization_id, today=today)
    may_change = request.actor.can(Permission.CATALOGUE_CHANGE)
    context = {
        "page": page,
        "indication": page.indication,
        "groups": presenting.groups(
            page.numbers,
            url_name="scheduling:catalogue-indication-change",
            key=page.indication.pk,
            may_change=may_change,
            today=today,
        ),
        "facts": presenting.indication_facts(page),
        "sources": presenting.sources(page.indication.data),
        "may_change": may_change,
    }
    return render(request, "scheduling/catalogue_indication.html", context)


def _sections(found: CatalogueList, shown: str, text: str) -> dict[str, Any]:
    rows = presenting.product_rows(found, text)
    globulins = [row for row in rows if row.listed.product.is_immune_globulin]
    others = [row for row in rows if not row.listed.product.is_immune_globulin]
    if shown == "check":
        globulins, others = ([row for row in part if row.listed.needs_label_check] for part in (globulins, others))
    sections = [
        {"title": "Immune globulins", "rows": globulins if shown in {"all", "ig", "check"} else []},
        {"title": "Other infused drugs", "rows": others if shown in {"all", "other", "check"} else []},
    ]
    wanted = text.casefold()
    indications = [
        listed
        for listed in found.indications
        if shown in {"all", "indications"} and wanted in f"{listed.indication.pk} {listed.indication.name}".casefold()
    ]
    return {"sections": [part for part in sections if part["rows"]], "indications": indications}


def _filters(found: CatalogueList, shown: str, text: str) -> list[dict[str, Any]]:
    globulins = sum(row.product.is_immune_globulin for row in found.products)
    counts = {
        "all": len(found.products) + len(found.indications),
        "ig": globulins,
        "other": len(found.products) - globulins,
        "indications": len(found.indications),
        "check": sum(row.needs_label_check for row in found.products),
    }
    query = {"q": text} if text else {}
    return [
        {
            "label": label,
            "url": f"{reverse('scheduling:catalogue')}?{urlencode({'show': key, **query})}",
            "count": counts[key],
            "is_current": key == shown,
        }
        for key, label in SHOWN.items()
    ]
