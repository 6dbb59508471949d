"""What guards every page: a view is public, for a stated reason, or needs a permission. A house test walks them all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url

from core.actor import Actor
from core.errors import NotAllowed

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def actor_of(request: HttpRequest) -> Actor:
    """Who makes this request (set by `accounts.middleware.ActorMiddleware`)."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def public(reason: str) -> Callable[[View], View]:
    """Mark a view that anybody may open, and say why."""

    def mark(view: View) -> View:
        view.public_reason = reason  # type: ignore[attr-defined]
        return view

    return mark


def requires(permission: str, *, sign_in: str | None = None) -> Callable[[View], View]:
    """Let only actors with `permission` in; send people who are not signed in to `sign_in` (a URL name)."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = actor_of(request)
            if not request.user.is_authenticated:
                return _to_sign_in(request, sign_in or settings.LOGIN_URL)
            if not actor.can(permission):
                raise NotAllowed("not_allowed", "Your role does not open this page. Ask a manager if it should.")
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def _to_sign_in(request: HttpRequest, name: str) -> HttpResponse:
    address = f"{resolve_url(name)}?next={quote(request.get_full_path())}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)
