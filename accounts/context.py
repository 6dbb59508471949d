"""What every page's frame shows: the clinic, the person, and the places their role opens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts.domain.policy import Permission, Role
from accounts.models import Clinic
from accounts.queries import Workplace, sole_clinic
from core import clock
from core.actor import NOBODY, Actor


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    is_current: bool
    badge: int = 0
    badge_word: str = "to answer"


@dataclass(frozen=True)
class WorkplaceView:
    """The frame of a page. Empty for visitors. `places` are the other clinics where the person works."""

    clinic: Clinic | None
    user_name: str
    roles: tuple[str, ...]
    places: tuple[Clinic, ...]
    nav: tuple[NavItem, ...]
    sign_out_url: str
    is_patient: bool
    is_demo: bool
    demo_now: datetime | None
    demo_zone: ZoneInfo | None
    can_search: bool
    waits: int = 0


NAV = (
    ("Board", "scheduling:board", Permission.BOARD_VIEW),
    ("Floor", "scheduling:floor", Permission.BOARD_VIEW),
    ("Authorizations", "authorizations:queue", Permission.AUTHORIZATION_VIEW),
    ("Waitlist", "scheduling:waitlist", Permission.REQUEST_VIEW),
    ("Requests", "scheduling:requests", Permission.REQUEST_VIEW),
    ("Disruptions", "scheduling:disruptions", Permission.VISIT_OVERRIDE),
    ("Orders", "scheduling:orders", Permission.ORDER_VIEW),
    ("Patients", "scheduling:patients", Permission.PATIENT_VIEW),
    ("Catalogue", "scheduling:catalogue", Permission.CATALOGUE_VIEW),
    ("Set-up", "scheduling:setup", Permission.CLINIC_CHANGE),
    ("Outbox", "messaging:outbox", Permission.MESSAGE_VIEW),
    ("Audit", "audit:log", Permission.AUDIT_VIEW),
    ("Home", "portal:home", Permission.SELF_VIEW),
    ("All your infusions", "portal:visits", Permission.SELF_VIEW),
    ("Symptom diary", "portal:diary", Permission.SELF_VIEW),
    ("Help", "portal:help", Permission.SELF_VIEW),
)


_badges: list[Callable[[Clinic], Mapping[str, int]]] = []


def register_badges(count: Callable[[Clinic], Mapping[str, int]]) -> None:
    """Show what `count` (one SQL statement) gives beside the menu's items: packages to the right know what waits."""
    _badges.append(count)


def workplace(request: HttpRequest) -> dict[str, WorkplaceView]:
    """The template variable `workplace`."""
    actor: Actor = getattr(request, "actor", NOBODY)
    clinic: Clinic | None = getattr(request, "clinic", None)
    places: list[Workplace] = getattr(request, "workplaces", [])
    here = next((place for place in places if place.clinic == clinic), None)
    roles = sorted(here.roles) if here else []
    is_patient = roles == [Role.PATIENT]
    counted = {name: n for count in _badges for name, n in count(clinic).items()} if clinic and not is_patient else {}
    return {
        "workplace": WorkplaceView(
            clinic=clinic,
            user_name=actor.label if clinic else "",
            roles=tuple(role.label for role in roles),
            places=tuple(place.clinic for place in places if place.clinic != clinic),
            nav=tuple(
                _item(request, label, name, counted.get(name, 0)) for label, name, needed in NAV if actor.can(needed)
            ),
            sign_out_url=_address("portal:logout" if is_patient else "account_logout") if clinic else "",
            is_patient=is_patient,
            is_demo=settings.DEMO,
            demo_now=clock.now() if settings.DEMO else None,
            demo_zone=_demo_zone(clinic),
            can_search=actor.can(Permission.PATIENT_VIEW),
            waits=counted.get("scheduling:waitlist", 0),
        )
    }


def _demo_zone(clinic: Clinic | None) -> ZoneInfo | None:
    """Where the demo's clock hangs, for visitors too; None outside a demo."""
    shown = (clinic or sole_clinic()) if settings.DEMO else None
    return shown.zone if shown else None


def _item(request: HttpRequest, label: str, name: str, badge: int) -> NavItem:
    url = _address(name)
    is_front_page = name == "portal:home"
    is_current = request.path == url if is_front_page else request.path.startswith(url) and url != "/"
    word = "waiting" if name == "scheduling:waitlist" else "to answer"
    return NavItem(label=label, url=url, is_current=is_current, badge=badge, badge_word=word)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return "/"
