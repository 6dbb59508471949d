"""Reading and pressing on a page as a plain browser does."""

import re
from typing import Any

from django.test import Client

from scheduling.models import Visit
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at

BOARD = f"/board/{FRIDAY}/"


HTMX = {"HX-Request": "true"}


def words(response: Any) -> str:
    """What a person reads on the page."""
    html = re.sub(r"<(script|style)\b.*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'")


def place(day: Day, chair: str, hour: int, minute: int = 0) -> str:
    return f"{day.chair(chair).id}@{at(FRIDAY, hour, minute).isoformat()}"


def move(desk: Client, scene: Day, **data: object) -> Any:
    soto = scene.visit("Soto")
    return desk.post(f"/visits/{soto.id}/move/", {"version": soto.version} | data)


def local_start(visit: Visit) -> str:
    visit.refresh_from_db()
    return f"{visit.chair.name} {visit.period.lower.astimezone(visit.clinic.zone):%H:%M}"
