"""What each endpoint needs. The default is no: an endpoint that forgets to say is closed to everybody."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.domain.policy import Permission
from core.permissions import actor_of

if TYPE_CHECKING:  # REST framework's views import this module while they are being imported themselves
    from rest_framework.views import APIView


class Denied(BasePermission):
    """Nobody may."""

    permission = ""

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        return False


class Anybody(BasePermission):
    """Only for answers that say nothing, such as "there is no such address"."""

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        return True


class _Needs(BasePermission):
    permission: Permission
    by_method: dict[str, Permission]
    message = ""

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        if not getattr(request.user, "is_authenticated", False):
            return False
        actor = actor_of(request._request)
        needed = self.by_method.get(request.method or "", self.permission)
        self.message = f"This needs the permission {needed.value}, which {actor.label} does not have here."
        return actor.clinic_id is not None and actor.can(needed)


def Needs(permission: Permission, **by_method: Permission) -> type[BasePermission]:  # noqa: N802 (makes a class)
    """A permission class: `permission` for every method but those named, such as ``POST=Permission.VISIT_BOOK``."""
    return type("Needs", (_Needs,), {"permission": permission, "by_method": by_method})
