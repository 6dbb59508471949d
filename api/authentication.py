"""Who calls the API: a program with a key (`Authorization: Bearer inf_…`), or a person's session in the browser.

Either way the request gets the same `actor` and `clinic` as a page does, so services can't tell the difference.
"""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.encoding import force_str
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiKey
from accounts.services import api_keys


@dataclass(frozen=True)
class Program:
    """What stands where a page has its user. It owns nothing; what it may do is the actor's."""

    key: ApiKey
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True

    @property
    def pk(self) -> None:
        return None


class ApiKeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer <key>`; a key that opens nothing ends the request with 401."""

    def authenticate(self, request: Request) -> tuple[Program, ApiKey] | None:
        header = force_str(request.META.get("HTTP_AUTHORIZATION", ""), errors="replace").strip()
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Authorization must be “Bearer” and an API key.")
        try:
            key = api_keys.authenticate(secret.strip())
        except api_keys.KeyNotAccepted as refusal:
            raise AuthenticationFailed(str(refusal)) from refusal
        page = request._request
        page.actor = api_keys.actor_for(key, request_id=getattr(page, "request_id", ""))  # type: ignore[attr-defined]
        page.clinic = key.clinic  # type: ignore[attr-defined]
        return Program(key), key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="clinic"'
