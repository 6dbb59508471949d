"""Secrets given to people: long random tokens and short codes. Only their SHA-256 is ever stored."""

import hashlib
import hmac
import secrets

from django.conf import settings


def new_token() -> str:
    """A secret of 256 random bits, fit for an address."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Six random digits. Short, so it must expire soon and allow few tries."""
    return f"{secrets.randbelow(1_000_000):06d}"


def digest(secret: str) -> str:
    """SHA-256 of a long random secret, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed_digest(secret: str, *, purpose: str) -> str:
    """HMAC of a short secret under the site's key, so that a leaked table cannot be searched for six digits."""
    key = f"{purpose}:{settings.SECRET_KEY}".encode()
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()
