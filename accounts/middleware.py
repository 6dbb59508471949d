"""Every request gets an actor and a clinic before any view runs, and every refusal becomes a page with its sentence.

The cost is fixed: one statement for the places where a person works, and one more for a patient's own record.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from accounts import queries
from accounts.backends import began_with_code
from accounts.domain.policy import Role
from accounts.domain.sessions import PATIENT, STAFF, check_session
from accounts.models import User
from core import clock
from core.actor import NOBODY
from core.errors import Refusal

CLINIC_KEY = "clinic_id"
BEGAN_KEY, ACTIVE_KEY = "began", "active"
UNATTENDED_HEADER = "X-Unattended"
SAVE_ACTIVITY_EVERY_SECONDS = 30
STAFF_DOORS = ("account_", "mfa_", "usersessions_")
CLOSED_DOORS = frozenset(
    {
        "account_signup",
        "account_email",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_confirm_login_code",
        "account_inactive",
    }
)
"""Pages of allauth that this clinic does not use: managers make accounts and change addresses."""


class SessionLimitsMiddleware:
    """Ends a session that was idle or lasted too long; the view then meets a visitor and sends them to sign in.

    A page that refreshes itself says so with the header `X-Unattended`, and does not count as somebody being there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            self._check(request)
        return self.get_response(request)

    def _check(self, request: HttpRequest) -> None:
        session, now = request.session, int(clock.now().timestamp())
        began, active = session.get(BEGAN_KEY, now), session.get(ACTIVE_KEY, now)
        limits = PATIENT if began_with_code(session) else STAFF
        ended = check_session(began=began, active=active, now=now, limits=limits)
        if ended:
            logout(request)
            messages.info(request, ended)
        elif BEGAN_KEY not in session:
            session[BEGAN_KEY] = session[ACTIVE_KEY] = now
        elif now - active >= SAVE_ACTIVITY_EVERY_SECONDS and UNATTENDED_HEADER not in request.headers:
            session[ACTIVE_KEY] = now


class ActorMiddleware:
    """Sets `request.actor`, `request.clinic` and the clinic's time zone; keeps pages about people out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        request.actor = NOBODY  # type: ignore[attr-defined]
        request.clinic = None  # type: ignore[attr-defined]
        request.workplaces = []  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            self._place(request, request.user, request_id)
        with timezone.override(request.clinic.zone if request.clinic else None):  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        if request.user.is_authenticated:
            add_never_cache_headers(response)
            patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response

    def _place(self, request: HttpRequest, user: User, request_id: str) -> None:
        places = queries.workplaces(user)
        if began_with_code(request.session):
            places = queries.patients_only(places)
        if not places:
            return
        chosen = request.session.get(CLINIC_KEY)
        place = next((place for place in places if str(place.clinic.id) == chosen), places[0])
        request.workplaces = places  # type: ignore[attr-defined]
        request.clinic = place.clinic  # type: ignore[attr-defined]
        patient_id = queries.patient_id_of(user) if Role.PATIENT in place.roles else None
        request.actor = queries.actor_for(  # type: ignore[attr-defined]
            user, place, patient_id=patient_id, request_id=request_id
        )

    def process_view(self, request: HttpRequest, _view: object, _args: Any, _kwargs: Any) -> None:
        """Close pages that nobody uses here, and to a patient's session those where staff change how they sign in."""
        name = (request.resolver_match.url_name if request.resolver_match else None) or ""
        is_staff_door = name.startswith(STAFF_DOORS) and name != "account_logout"
        is_patient = request.user.is_authenticated and began_with_code(request.session)
        if name in CLOSED_DOORS or (is_staff_door and is_patient):
            raise Http404

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Show a refusal that no view handled as a page of its own, with its status and sentence."""
        if not isinstance(problem, Refusal):
            return None
        is_fragment = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
        template = "errors/refusal.html#reasons" if is_fragment else "errors/refusal.html"
        return render(request, template, {"refusal": problem}, status=problem.status)
