"""What people may set for themselves."""

from accounts.models import User
from core.transactions import business_act


@business_act
def set_shortcuts(*, user: User, on: bool) -> None:
    """Turn single-key shortcuts `on` or off for `user`."""
    User.objects.filter(pk=user.pk).update(uses_shortcuts=on)
