"""allauth's forms in this clinic's words: no placeholder repeats a label, and no link stands between two fields."""

from typing import Any

from allauth.account import forms as allauth


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
