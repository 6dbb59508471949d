"""Lists come in pages: 50 at a time unless asked, never more than 200, with links to the pages before and after."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import InvalidPage, Paginator
from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from core.errors import BadInput

USUAL, MOST = 50, 200
LAST_PAGE = 10_000


class Pages(BasePagination):
    """Numbered pages. `page` and `page_size` were checked by the endpoint's query shape."""

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: Any = None,  # noqa: ARG002
    ) -> list[Any]:
        self.request = request
        size = _whole(request.query_params.get("page_size"), "page_size", usual=USUAL, most=MOST)
        number = _whole(request.query_params.get("page"), "page", usual=1, most=LAST_PAGE)
        paginator = Paginator(queryset, size)
        try:
            self.page = paginator.page(number)
        except InvalidPage as problem:
            sentence = f"There is no page {number}: the list has {paginator.num_pages}."
            raise BadInput("no_such_page", sentence, field="page") from problem
        return list(self.page.object_list)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "count": self.page.paginator.count,
                "next": self._link(self.page.next_page_number() if self.page.has_next() else None),
                "previous": self._link(self.page.previous_page_number() if self.page.has_previous() else None),
                "results": data,
            }
        )

    def _link(self, number: int | None) -> str | None:
        if number is None:
            return None
        here = self.request.get_full_path()
        return str(remove_query_param(here, "page") if number == 1 else replace_query_param(here, "page", number))


def _whole(text: str | None, field: str, *, usual: int, most: int) -> int:
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        raise BadInput("bad_number", f"{field} must be a whole number from 1 to {most}.", field=field)
    return int(text)
