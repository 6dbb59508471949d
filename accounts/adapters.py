"""allauth, hardened: nobody signs themselves up, and second-factor secrets are encrypted at rest."""

import base64
import secrets

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.http import HttpRequest

_CONTEXT = b"accounts:mfa"


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by a manager; there is no open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class EncryptedMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps TOTP seeds and recovery codes under AES-256-GCM with the site's field key (allauth's default is clear text)."""

    def encrypt(self, text: str) -> str:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(bytes.fromhex(settings.FIELD_KEY)).encrypt(nonce, text.encode(), _CONTEXT)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        raw = base64.urlsafe_b64decode(encrypted_text)
        return AESGCM(bytes.fromhex(settings.FIELD_KEY)).decrypt(raw[:12], raw[12:], _CONTEXT).decode()
