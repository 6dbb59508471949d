"""The second way in: a patient's e-mailed code. This only remembers who signed in; `scheduling` judges the code."""

from uuid import UUID

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.backends import BaseBackend
from django.contrib.sessions.backends.base import SessionBase

from accounts.models import User

CODE_BACKEND = "accounts.backends.CodeBackend"


class CodeBackend(BaseBackend):
    """Finds the user of a session that began with a code. It accepts no credentials itself."""

    def get_user(self, user_id: UUID | int) -> User | None:
        """The active user with this id."""
        return User.objects.filter(pk=str(user_id), is_active=True).first()


def began_with_code(session: SessionBase) -> bool:
    """Whether somebody signed in to `session` by a code: such a session may only ever act as a patient."""
    return session.get(BACKEND_SESSION_KEY) == CODE_BACKEND
