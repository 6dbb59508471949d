"""The description of the API: for programs as OpenAPI, for people as pages made from it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from accounts.domain.policy import Permission
from api import presenters
from api.problems import KINDS
from core.permissions import actor_of, public

WHY_OPEN = "Whoever is signed in may read how the API works; it holds nobody's data."


class Schema(SpectacularAPIView):
    """OpenAPI 3.1 as YAML, or as JSON with ?format=json."""

    permission_classes = [IsAuthenticated]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return public(WHY_OPEN)(super().as_view(**initkwargs))


@public(WHY_OPEN)
@require_safe
def contents(request: HttpRequest) -> HttpResponse:
    """How to use the API, and every operation."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    may_manage_keys = actor_of(request).can(Permission.API_KEY_MANAGE)
    context = {"docs": presenters.documentation(), "may_manage_keys": may_manage_keys}
    return render(request, "api/docs.html", context)


@public(WHY_OPEN)
@require_safe
def operation(request: HttpRequest, name: str) -> HttpResponse:
    """One operation: what it takes, gives and refuses."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    found = presenters.documentation().find(name)
    if found is None:
        raise Http404
    return render(request, "api/operation.html", {"operation": found})


@public("The type of every problem leads here; it explains the problem and holds nobody's data.")
@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """Every kind of problem."""
    return render(request, "api/problems.html", {"kinds": KINDS.values()})


@public("The type of every problem leads here; it explains the problem and holds nobody's data.")
@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """One kind of problem."""
    kind = KINDS.get(code)
    if kind is None:
        raise Http404
    return render(request, "api/problem.html", {"kind": kind})
