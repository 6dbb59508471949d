"""allauth's forms in this clinic's words: no placeholder repeats a label, and no link stands between two fields.

Codes of the second factor are counted here: allauth's own limit shares a switch with wrong passwords, which are counted
by `accounts.adapters`, and lives in a cache.
"""

from typing import Any

from allauth.account import forms as allauth
from allauth.mfa.base import forms as allauth_mfa
from django.core.exceptions import ValidationError

from accounts.domain.backoff import SECOND_FACTOR_WAITS, wait_sentence
from accounts.services import limits

_SECOND_FACTOR = "second factor"


def _speak_plainly(form: Any, **labels: str) -> None:
    """Give fields their labels, and take away what allauth says a second time."""
    for name, label in labels.items():
        field = form.fields[name]
        field.label, field.help_text = label, ""
        field.widget.attrs.pop("placeholder", None)


class SignInForm(allauth.LoginForm):  # type: ignore[misc]
    """E-mail address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_plainly(self, login="E-mail address", password="Password")  # noqa: S106 (a label)


class ChangePasswordForm(allauth.ChangePasswordForm):  # type: ignore[misc]
    """The password now, and the new one twice. The page says how long it must be."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_plainly(self, oldpassword="Password now", password1="New password", password2="New password again")


class ResetPasswordForm(allauth.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_plainly(self, email="E-mail address")


class ResetPasswordKeyForm(allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password, after the link was opened."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_plainly(self, password1="New password", password2="New password again")


class ReauthenticateForm(allauth.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something protected is changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_plainly(self, password="Password")  # noqa: S106 (a label)


class _CountsCodes:
    """Looks at no code, right or wrong, before the wait after the last wrong ones is over."""

    user: Any

    def clean_code(self) -> str:
        subject = str(self.user.pk)
        seconds = limits.claim_try(purpose=_SECOND_FACTOR, subject=subject, waits=SECOND_FACTOR_WAITS)
        if seconds:
            raise ValidationError(wait_sentence(seconds), code="too_many")
        code: str = super().clean_code()  # type: ignore[misc]
        limits.forget(purpose=_SECOND_FACTOR, subject=subject)
        return code


class SecondFactorForm(_CountsCodes, allauth_mfa.AuthenticateForm):  # type: ignore[misc]
    """The code of the app, or a recovery code, after the password."""


class SecondFactorAgainForm(_CountsCodes, allauth_mfa.ReauthenticateForm):  # type: ignore[misc]
    """The same once more, before something protected is changed."""
