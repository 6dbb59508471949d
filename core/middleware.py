"""Small answers stay small: a board asks every few seconds whether anything is new, and mostly nothing is."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

ABOUT_A_PAGE = (
    "Content-Security-Policy",
    "Content-Type",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
)
"""What a browser heeds only where there is a page to show."""


def empty_answers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Send no headers about a page with an answer that has none (204). It must be the first middleware."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 204:
            for header in ABOUT_A_PAGE:
                response.headers.pop(header, None)
        return response

    return answer
