"""Throwing away what has ended: sessions and try counts. Without it both tables grow for as long as the site runs."""

from datetime import timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.services import limits
from core import clock

_LISTED_FOR = timedelta(days=1)


def tidy() -> None:
    """Delete sessions that have expired, their lines in people's lists of sessions, and try counts that have ended."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    # A line younger than a day may belong to a sign-in whose session is only just being saved.
    UserSession.objects.filter(created_at__lt=clock.now() - _LISTED_FOR).exclude(
        session_key__in=Session.objects.values("session_key")
    ).delete()
    limits.delete_spent()
