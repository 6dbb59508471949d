"""The addresses of allauth, reviewed by hand: it cannot carry our marks. A new one fails the house until it is here."""

from enum import StrEnum


class Door(StrEnum):
    """Whom an address lets in."""

    ANYBODY = "anybody"
    SIGNED_IN = "people who are signed in"
    CLOSED = "nobody (404)"


ALLAUTH: dict[str, tuple[Door, str]] = {
    "account_login": (Door.ANYBODY, "staff sign in here"),
    "account_logout": (Door.ANYBODY, "leaving needs no right; it acts on POST only"),
    "account_reset_password": (Door.ANYBODY, "whoever forgot the password; the answer is the same for every address"),
    "account_reset_password_done": (Door.ANYBODY, "says that a letter may be on its way"),
    "account_reset_password_from_key": (Door.ANYBODY, "opened from the letter, with its key"),
    "account_reset_password_from_key_done": (Door.ANYBODY, "says that the password is changed"),
    "mfa_authenticate": (Door.ANYBODY, "between password and second factor; without a password it leads back"),
    "account_reauthenticate": (Door.SIGNED_IN, "asks for the password again"),
    "account_change_password": (Door.SIGNED_IN, "one's own password"),
    "account_set_password": (Door.SIGNED_IN, "one's own password"),
    "mfa_index": (Door.SIGNED_IN, "one's own second factor"),
    "mfa_reauthenticate": (Door.SIGNED_IN, "asks for the second factor again"),
    "mfa_activate_totp": (Door.SIGNED_IN, "one's own second factor"),
    "mfa_deactivate_totp": (Door.SIGNED_IN, "one's own second factor"),
    "mfa_view_recovery_codes": (Door.SIGNED_IN, "one's own recovery codes"),
    "mfa_generate_recovery_codes": (Door.SIGNED_IN, "one's own recovery codes"),
    "mfa_download_recovery_codes": (Door.SIGNED_IN, "one's own recovery codes"),
    "usersessions_list": (Door.SIGNED_IN, "one's own sessions"),
    "account_signup": (Door.CLOSED, "a manager makes accounts"),
    "account_email": (Door.CLOSED, "a manager changes addresses"),
    "account_email_verification_sent": (Door.CLOSED, "not used"),
    "account_confirm_email": (Door.CLOSED, "not used"),
    "account_confirm_login_code": (Door.CLOSED, "patients' codes are ours, at /p/login/"),
    "account_inactive": (Door.CLOSED, "not used: it would tell that an account exists"),
}
