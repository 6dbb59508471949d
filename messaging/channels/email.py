"""E-mail through Django's mail settings (SMTP in production).

SMTP has no keys and cannot be asked what it took, so every try carries the same Message-ID, made from the message's
key: a program that gets two copies shows one. The sender's name is the clinic's neutral public name.
"""

import hashlib
import smtplib
from datetime import datetime
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import BadHeaderError

from messaging.channels.base import AmbiguousError, Envelope, PermanentError, TransientError

CONSOLE = "django.core.mail.backends.console.EmailBackend"


class EmailGateway:
    """Sends plain-text e-mail."""

    can_look_up = False

    def send(self, envelope: Envelope) -> str:
        if settings.EMAIL_BACKEND == CONSOLE and not (settings.DEMO or settings.DEBUG):
            raise TransientError("no_mail_server", "No mail server is set up; set EMAIL_URL.")
        letter = _letter(envelope)
        connection = get_connection(timeout=envelope.timeout_seconds)
        try:
            letter.message()
        except (BadHeaderError, UnicodeError) as problem:
            raise PermanentError("bad_header", "The address or the name is not fit for an e-mail.") from problem
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as problem:
            raise TransientError("mail_server_unreachable", "The mail server did not answer.") from problem
        try:
            letter.connection = connection
            letter.send()
        except smtplib.SMTPException as problem:
            raise _refusal(problem) from problem
        except OSError as problem:
            raise AmbiguousError("mail_cut_off", "The connection to the mail server broke while sending.") from problem
        finally:
            _close(connection)
        return str(letter.extra_headers["Message-ID"])

    def find(self, envelope: Envelope, *, since: datetime) -> str | None:
        raise NotImplementedError


def message_id(key: str) -> str:
    """The Message-ID of every copy of the message with this key; it tells nothing about it."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def _letter(envelope: Envelope) -> EmailMessage:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return EmailMessage(
        subject=envelope.subject,
        body=envelope.body,
        from_email=formataddr((envelope.clinic.public_name, address)),
        to=[envelope.to],
        headers={"Message-ID": message_id(envelope.key), "Auto-Submitted": "auto-generated"},
    )


def _refusal(problem: smtplib.SMTPException) -> PermanentError | TransientError | AmbiguousError:
    code = _code_of(problem)
    if code is None:
        return AmbiguousError("mail_cut_off", "The connection to the mail server broke while sending.")
    if code >= 500:
        return PermanentError(f"smtp_{code}", f"The mail server refused the address or the message ({code}).")
    return TransientError(f"smtp_{code}", f"The mail server could not take the message now ({code}).")


def _code_of(problem: smtplib.SMTPException) -> int | None:
    """The server's answer, if it gave one; without it nobody knows what became of the message."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in problem.recipients.values()), default=None)
    return problem.smtp_code if isinstance(problem, smtplib.SMTPResponseException) else None


def _close(connection: BaseEmailBackend) -> None:
    # The message's fate is decided; a connection that will not close changes nothing.
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        return
