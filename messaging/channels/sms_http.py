"""Text messages through Twilio's REST interface, or any that speaks it, with nothing but the standard library.

Twilio takes no idempotency key. So after a doubt the provider's own list is asked first: a message to this number with
our very text, since the doubt began, has left already. Our key travels as `Idempotency-Key` for a provider that knows
that header; nothing here relies on it. Source: Twilio's REST reference (2010-04-01); confidence P.
"""

import base64
import http.client
import json
import ssl
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from messaging.channels.base import AmbiguousError, Envelope, PermanentError, TransientError

CLOCKS_DIFFER_BY = timedelta(minutes=10)
BIGGEST_ANSWER = 1_000_000
HTTP_PERMANENT = {400, 422}
HTTP_NOT_TAKEN = {401, 403, 404, 405, 408, 409, 413, 425, 429}


class _NoAnswerError(Exception):
    """The answer was lost. `was_sent` says whether the request may have reached the provider."""

    def __init__(self, *, was_sent: bool) -> None:
        super().__init__()
        self.was_sent = was_sent


class HttpGateway:
    """A provider that speaks Twilio's interface at `settings.SMS["api_url"]`."""

    can_look_up = True

    def send(self, envelope: Envelope) -> str:
        form = {
            "To": envelope.to,
            "From": settings.SMS["sender"],
            "Body": envelope.body,
        }
        key = quote(envelope.key, safe=":")
        try:
            status, answer = _ask("POST", _messages(), envelope.timeout_seconds, urlencode(form).encode(), key)
        except _NoAnswerError as problem:
            if problem.was_sent:
                raise AmbiguousError("sms_no_answer", "The gateway took the request and did not answer.") from problem
            raise TransientError("sms_unreachable", "The gateway for text messages cannot be reached.") from problem
        if 200 <= status < 300:
            return str(answer.get("sid", ""))
        code = answer.get("code", status)
        if status in HTTP_PERMANENT:
            raise PermanentError(f"sms_{code}", f"The gateway refused the number or the message ({code}).")
        if status in HTTP_NOT_TAKEN or status < 500:
            raise TransientError(f"sms_{code}", f"The gateway did not take the message ({code}).")
        raise AmbiguousError(f"sms_{code}", f"The gateway failed ({code}).")

    def find(self, envelope: Envelope, *, since: datetime) -> str | None:
        query = urlencode({"To": envelope.to, "PageSize": 200})
        unknown = TransientError("sms_look_up", "The gateway could not say whether an earlier try had left.")
        try:
            status, answer = _ask("GET", f"{_messages()}?{query}", envelope.timeout_seconds)
        except _NoAnswerError as problem:
            raise unknown from problem
        if status != http.client.OK:
            raise unknown
        for message in answer.get("messages", []):
            if _is_it(message, envelope, since - CLOCKS_DIFFER_BY):
                return str(message.get("sid", ""))
        return None


def _is_it(message: dict[str, Any], envelope: Envelope, earliest: datetime) -> bool:
    if message.get("body") != envelope.body:
        return False
    try:
        return parsedate_to_datetime(message["date_created"]) >= earliest
    except (KeyError, TypeError, ValueError):
        return True


def _messages() -> str:
    base = urlsplit(settings.SMS["api_url"]).path.rstrip("/")
    return f"{base}/2010-04-01/Accounts/{quote(settings.SMS['account'], safe='')}/Messages.json"


def _ask(
    method: str, path: str, timeout: float, body: bytes | None = None, key: str = ""
) -> tuple[int, dict[str, Any]]:
    """One request; its status and JSON object. Raises `_NoAnswerError`."""
    secret = f"{settings.SMS['account']}:{settings.SMS['token']}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(secret).decode(), "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if key:
        headers["Idempotency-Key"] = key
    connection = _connection(timeout)
    try:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as problem:
            raise _NoAnswerError(was_sent=False) from problem
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, _json(response.read(BIGGEST_ANSWER))
        except (OSError, http.client.HTTPException) as problem:
            raise _NoAnswerError(was_sent=True) from problem
    finally:
        connection.close()


def _connection(timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(settings.SMS["api_url"])
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, parts.port, timeout=timeout)


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
