"""The patient's door: an e-mail address, then a code and a date of birth, and out again."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.adapters import client_network
from accounts.backends import CODE_BACKEND
from accounts.domain.policy import Permission
from accounts.domain.sessions import PATIENT
from core.errors import Refusal
from core.permissions import actor_of, public
from scheduling.portal.forms import CodeForm, EmailForm
from scheduling.services import patient_sign_in

_WAITING = "sign_in"
_PAGES = "/p/"


@public("Patients sign in here. The answer is the same for every address.")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the e-mail address and send a code, if it is a patient's."""
    if actor_of(request).can(Permission.SELF_VIEW):
        return redirect("portal:home")
    form = EmailForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "portal/login.html", {"form": form}, status=422 if form.is_bound else 200)
    email = form.cleaned_data["email"]
    sent = patient_sign_in.send_code(email=email, network=client_network(request))
    request.session[_WAITING] = {
        "code_id": str(sent.code_id),
        "email": email,
        "next": request.GET.get("next", ""),
        "demo": sent.digits if settings.DEMO else "",
    }
    return redirect("portal:login-code")


@public("The second step of signing in: it shows nothing but a form.")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code and the date of birth; let the patient in when both are right."""
    waiting: dict[str, Any] | None = request.session.get(_WAITING)
    if waiting is None:
        return redirect("portal:login")
    form = CodeForm(request.POST if request.method == "POST" else None)
    shown = {"form": form, "email": waiting["email"], "demo_code": waiting["demo"]}
    if request.method != "POST" or not form.is_valid():
        return render(request, "portal/code.html", shown, status=422 if form.is_bound else 200)
    try:
        user = patient_sign_in.sign_in(
            code_id=UUID(waiting["code_id"]),
            digits=form.cleaned_data["code"],
            birth_date=form.cleaned_data["birth_date"],
            network=client_network(request),
        )
    except Refusal as refusal:
        form.add_error(None, refusal.sentence)
        return render(request, "portal/code.html", shown | {"is_dead": refusal.status == 409}, status=422)
    return _let_in(request, user, waiting["next"])


@public("Anybody may leave.")
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and tell the browser to forget what it kept."""
    logout(request)
    response = redirect("portal:login")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _let_in(request: HttpRequest, user: Any, address: str) -> HttpResponse:
    """Begin a patient's session under a new key (`login` makes one), and go where the patient was heading."""
    del request.session[_WAITING]
    login(request, user, backend=CODE_BACKEND)
    request.session.set_expiry(PATIENT.longest_seconds)
    is_ours = address.startswith(_PAGES) and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return redirect(address if is_ours else "portal:home")
