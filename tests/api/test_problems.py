"""What goes wrong on our side is a problem too, and tells nobody what it should not."""

import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from api.endpoint import Endpoint
from api.permissions import Anybody
from api.problems import KINDS
from core.actor import NOBODY
from core.errors import Busy


def broken(problem: Exception) -> HttpResponse:
    """The answer of an endpoint that raises `problem`."""

    class Broken(Endpoint):
        permission_classes = [Anybody]
        authentication_classes = []
        throttle_classes = []

        def get(self, request: Any) -> Any:  # noqa: ARG002
            raise problem

    request = RequestFactory().get("/api/v1/broken/")
    request.actor = NOBODY  # type: ignore[attr-defined]
    answer: HttpResponse = Broken.as_view()(request).render()
    return answer


def test_a_bug_is_a_problem_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = broken(RuntimeError("Ada Quill, MR204117"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert b"Quill" not in answer.content
    assert "A bug: GET /api/v1/broken/" in caplog.text


@pytest.mark.parametrize("problem", [OperationalError("canceling statement: Ada Quill"), Busy("busy", "Try again.")])
def test_a_database_that_is_late_asks_to_try_again(problem: Exception) -> None:
    answer = broken(problem)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert b"Quill" not in answer.content


def test_an_endpoint_that_forgets_its_permission_is_closed() -> None:
    class Forgetful(Endpoint):
        authentication_classes = []
        throttle_classes = []

        def get(self, request: Any) -> Any:  # noqa: ARG002
            raise AssertionError("nobody gets here")

    assert Forgetful.as_view()(RequestFactory().get("/")).status_code == 403


def test_every_kind_of_problem_has_words_of_its_own() -> None:
    assert len({kind.meaning for kind in KINDS.values()}) == len(KINDS)
    assert all(kind.meaning.endswith((".", ")")) and 400 <= kind.status <= 503 for kind in KINDS.values())
