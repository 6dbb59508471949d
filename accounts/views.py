"""Where a person goes after signing in, and the switch between the clinics where they work."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.domain.policy import Permission, Role
from accounts.http import ClinicRequest
from accounts.middleware import CLINIC_KEY
from accounts.models import User
from accounts.services import preferences
from core.errors import NotFound
from core.permissions import actor_of, public

FIRST_PAGES = (
    (Permission.BOARD_VIEW, Permission.VISIT_CHANGE, "scheduling:board"),
    (Permission.AUTHORIZATION_VIEW, Permission.AUTHORIZATION_CHANGE, "authorizations:queue"),
    (Permission.ORDER_VIEW, Permission.ORDER_RELEASE, "scheduling:orders"),
    (Permission.AUDIT_VIEW, Permission.AUDIT_VIEW, "audit:log"),
    (Permission.SELF_VIEW, Permission.SELF_VIEW, "portal:home"),
)


@public("It shows nothing: it sends each person to the page they work on, and visitors to sign in.")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page: the floor for nurses; else the board, the queue, the log or the patient's page, by permission."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    actor = actor_of(request)
    if _works_as_nurse(request):
        return redirect("scheduling:floor")
    for needed, mark, name in FIRST_PAGES:
        if actor.can(needed) and actor.can(mark):
            return redirect(name)
    return render(request, "accounts/no_place.html", status=403)


def _works_as_nurse(request: HttpRequest) -> bool:
    """Whether the person is a nurse here, and does not run the clinic besides."""
    clinic = getattr(request, "clinic", None)
    roles = {role for place in getattr(request, "workplaces", ()) if place.clinic == clinic for role in place.roles}
    return Role.NURSE in roles and Role.MANAGER not in roles


@public("Anybody may ask; it changes only which of their own clinics a signed-in person is shown.")
@require_POST
def clinic_switch(request: ClinicRequest) -> HttpResponse:
    """Work at another of one's clinics."""
    chosen = request.POST.get("clinic", "")
    if not any(str(place.clinic.id) == chosen for place in request.workplaces):
        raise NotFound("clinic")
    request.session[CLINIC_KEY] = chosen
    return redirect("home")


@public("A signed-in person's own settings; visitors are sent to sign in.")
def me(request: HttpRequest) -> HttpResponse:
    """Turn single-key shortcuts on or off (WCAG 2.1.4)."""
    if not isinstance(request.user, User):
        return redirect("account_login")
    if request.method == "POST":
        preferences.set_shortcuts(user=request.user, on=request.POST.get("uses_shortcuts") == "on")
        return redirect("me")
    return render(request, "accounts/me.html", {"person": request.user})
