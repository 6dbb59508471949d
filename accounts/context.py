"""What every page's frame shows: the clinic, the person, and the places their role opens."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts.domain.policy import Permission
from accounts.models import Clinic
from core import clock
from core.actor import NOBODY, Actor


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    is_current: bool
    badge: int = 0


@dataclass(frozen=True)
class WorkplaceView:
    """The frame of a page. Empty for visitors."""

    clinic: Clinic | None
    user_name: str
    role: str
    nav: tuple[NavItem, ...]
    is_demo: bool
    demo_now: datetime | None
    can_search: bool


NAV = (
    ("Board", "scheduling:board", Permission.BOARD_VIEW),
    ("Authorizations", "authorizations:queue", Permission.AUTHORIZATION_VIEW),
    ("Requests", "scheduling:requests", Permission.REQUEST_VIEW),
    ("Orders", "scheduling:orders", Permission.ORDER_VIEW),
    ("Patients", "scheduling:patients", Permission.PATIENT_VIEW),
    ("Outbox", "messaging:outbox", Permission.MESSAGE_VIEW),
    ("Audit", "audit:log", Permission.AUDIT_VIEW),
)


def workplace(request: HttpRequest) -> dict[str, WorkplaceView]:
    """The template variable `workplace`."""
    actor: Actor = getattr(request, "actor", NOBODY)
    clinic: Clinic | None = getattr(request, "clinic", None)
    return {
        "workplace": WorkplaceView(
            clinic=clinic,
            user_name=actor.label if clinic else "",
            role="",
            nav=tuple(_item(request, label, name) for label, name, needed in NAV if actor.can(needed)),
            is_demo=settings.DEMO,
            demo_now=clock.now() if settings.DEMO else None,
            can_search=actor.can(Permission.PATIENT_VIEW),
        )
    }


def _item(request: HttpRequest, label: str, name: str) -> NavItem:
    try:
        url = reverse(name)
    except NoReverseMatch:
        url = "/"
    return NavItem(label=label, url=url, is_current=request.path.startswith(url) and url != "/")
