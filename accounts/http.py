"""The request as every view sees it: who acts, and in which clinic."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import Clinic, User
from accounts.queries import Workplace
from core.actor import Actor


class ClinicRequest(HttpRequest):
    """A request by a signed-in person at a clinic (what `core.permissions.requires` lets through)."""

    actor: Actor
    clinic: Clinic
    workplaces: list[Workplace]
    htmx: HtmxDetails
    user: User
