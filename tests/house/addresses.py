"""Every address of the site, as the resolver knows it, and what each says about who may open it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """One address: its name with namespace, its route, the view, and the names in the route."""

    name: str
    route: str
    view: Callable[..., Any]
    parameters: tuple[str, ...]

    @property
    def public_reason(self) -> str:
        return getattr(self.view, "public_reason", "")

    def permission(self, method: str = "GET") -> str:
        """The permission that `method` needs; empty when the view names none."""
        by_method = getattr(self.view, "permission_by_method", {})
        return str(by_method.get(method, getattr(self.view, "permission", "")))


def addresses() -> list[Address]:
    """All of them."""
    return list(_walk(get_resolver(), "", "", ()))


def _walk(resolver: URLResolver, spaces: str, route: str, names: tuple[str, ...]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        here = names + tuple(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            space = f"{spaces}{entry.namespace}:" if entry.namespace else spaces
            yield from _walk(entry, space, f"{route}{entry.pattern}", here)
        elif isinstance(entry, URLPattern):
            yield Address(f"{spaces}{entry.name or ''}", f"{route}{entry.pattern}", entry.callback, here)
