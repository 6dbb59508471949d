"""allauth, hardened: nobody signs themselves up, tries at passwords are counted, second-factor secrets are encrypted.

allauth's own limit on wrong passwords goes by address and would lock a whole clinic out; ours goes by account and
network (`accounts.domain.backoff`), and is counted where nothing can flush it. Strange networks together get so many
tries a day at one account; where its owner signed in lately is not strange, so nobody is locked out of their clinic.
"""

import base64
import secrets
from datetime import timedelta
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from accounts import queries
from accounts.domain.backoff import PASSWORDS_PER_ACCOUNT, network_of, wait_sentence
from accounts.models import User
from accounts.services import limits, sign_ins

_CONTEXT = b"accounts:mfa"
_PASSWORD = "password"  # noqa: S105 (the name of a counter)
_PASSWORD_ANYWHERE = "password from strange networks"  # noqa: S105 (the same)
_KNOWN_NETWORK = "known network"
_KNOWN_FOR = timedelta(days=30)


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by a manager; there is no open sign-up, and patients have no passwords."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse to look at a password before the wait after the last wrong one is over."""
        seconds = limits.claim_try(purpose=_PASSWORD, subject=self._subject(request, credentials))
        if seconds:
            raise ValidationError(wait_sentence(seconds), code="too_many")
        if limits.is_spent(purpose=_KNOWN_NETWORK, subject=self._subject(request, credentials), limit=1):
            return
        if not limits.take(
            purpose=_PASSWORD_ANYWHERE,
            subject=_account(credentials),
            limit=PASSWORDS_PER_ACCOUNT,
            within=timedelta(days=1),
        ):
            raise ValidationError(
                "Too many wrong tries at this account today. Wait a day, or sign in from where you usually do.",
                code="too_many",
            )

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The user whose password it is. Somebody with no work here is nobody: patients sign in by code."""
        user = cast(User | None, super().authenticate(request, **credentials))
        if user is None or not queries.works_somewhere(user):
            return None
        subject = self._subject(request, credentials)
        limits.forget(purpose=_PASSWORD, subject=subject)
        if limits.take(purpose=_KNOWN_NETWORK, subject=subject, limit=1, within=_KNOWN_FOR):
            limits.give_back(purpose=_PASSWORD_ANYWHERE, subject=_account(credentials))
        return user

    def reauthenticate(self, user: User, password: str) -> bool:
        """Ask for the password again (allauth looks for the address in a table of its own, which may be empty)."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002
        sign_ins.failed(way="password", network=network_of(self.get_client_ip(request)))

    def post_login(self, request: HttpRequest, user: User, **facts: Any) -> HttpResponse:
        sign_ins.succeeded(user=user, way="password")
        answer: HttpResponse = super().post_login(request, user, **facts)
        return answer

    def _subject(self, request: HttpRequest, credentials: dict[str, Any]) -> str:
        return f"{_account(credentials)}|{network_of(self.get_client_ip(request))}"


def client_network(request: HttpRequest) -> str:
    """The network a request comes from, by the same rule as password tries."""
    address: str = StaffAccountAdapter(request).get_client_ip(request)
    return network_of(address)


def _account(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()


class EncryptedMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps TOTP seeds and recovery codes under AES-256-GCM with the site's field key (allauth leaves them clear)."""

    def encrypt(self, text: str) -> str:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(bytes.fromhex(settings.FIELD_KEY)).encrypt(nonce, text.encode(), _CONTEXT)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        raw = base64.urlsafe_b64decode(encrypted_text)
        return AESGCM(bytes.fromhex(settings.FIELD_KEY)).decrypt(raw[:12], raw[12:], _CONTEXT).decode()
