"""Every request gets an actor and a clinic before any view runs, and every refusal becomes a page with its sentence."""

import uuid
from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from accounts import queries
from accounts.models import User
from core.actor import NOBODY
from core.errors import Refusal

CLINIC_KEY = "clinic_id"


class ActorMiddleware:
    """Sets `request.actor` and `request.clinic`; keeps pages with patient data out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.actor = NOBODY  # type: ignore[attr-defined]
        request.clinic = None  # type: ignore[attr-defined]
        request.workplaces = []  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            self._place(request, cast(User, request.user), request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        if request.user.is_authenticated:
            add_never_cache_headers(response)
            patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response

    def _place(self, request: HttpRequest, user: User, request_id: str) -> None:
        places = queries.workplaces(user)
        if not places:
            return
        chosen = request.session.get(CLINIC_KEY)
        place = next((place for place in places if str(place.clinic.id) == chosen), places[0])
        request.workplaces = places  # type: ignore[attr-defined]
        request.clinic = place.clinic  # type: ignore[attr-defined]
        patient_id = queries.patient_id_of(user)
        request.actor = queries.actor_for(  # type: ignore[attr-defined]
            user, place, patient_id=patient_id, request_id=request_id
        )

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Show a refusal that no view handled as a page of its own, with its status and sentence."""
        if not isinstance(problem, Refusal):
            return None
        return render(request, "errors/refusal.html", {"refusal": problem}, status=problem.status)
