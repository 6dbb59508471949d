"""The page on which a manager makes and revokes API keys. A new key is shown once, on the answer to making it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from accounts.services import api_keys
from api.forms import KeyForm
from core import clock
from core.permissions import requires


@requires(Permission.API_KEY_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: ClinicRequest) -> HttpResponse:
    """The clinic's keys, and a form for a new one."""
    form = KeyForm(request.POST if request.method == "POST" else None, actor=request.actor)
    issued = None
    if form.is_valid():
        issued = api_keys.issue(
            clinic=request.clinic,
            name=form.cleaned_data["name"],
            permissions=form.chosen,
            days_valid=form.cleaned_data["days_valid"],
            by=request.actor,
        )
        form = KeyForm(actor=request.actor)
    context = {"form": form, "issued": issued, "keys": api_keys.of_clinic(request.clinic), "now": clock.now()}
    return render(request, "api/keys.html", context, status=422 if form.errors else 200)


@requires(Permission.API_KEY_MANAGE)
@require_POST
def revoke(request: ClinicRequest, key_id: UUID) -> HttpResponse:
    """End a key now."""
    key = api_keys.revoke(key_id=key_id, by=request.actor)
    messages.success(request, f"“{key.name}” opens nothing any more.")
    return redirect("api:keys")
