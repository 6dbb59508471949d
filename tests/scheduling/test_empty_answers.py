"""A poll that finds nothing new costs a few bytes; whatever has a page keeps every header about it."""

from django.test import Client
from django.urls import reverse

from tests import factories
from tests.scheduling.conftest import TUESDAY, World


def test_a_poll_that_finds_nothing_new_is_under_three_hundred_bytes(world: World) -> None:
    desk = Client()
    desk.force_login(factories.make_staff(world.clinic))
    grid = reverse("scheduling:board-grid", args=[TUESDAY])
    answer = desk.get(f"{grid}?v=0")
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(answer.serialize_headers()) < 300
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_page_says_what_it_may_load(world: World) -> None:
    desk = Client()
    desk.force_login(factories.make_staff(world.clinic))
    answer = desk.get(reverse("scheduling:board-grid", args=[TUESDAY]), {"v": "of yesterday"})
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Content-Type"].startswith("text/html")
