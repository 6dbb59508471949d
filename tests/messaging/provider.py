"""A provider of text messages on a real port, which can be told to misbehave: fail, refuse, or lose its answers."""

import json
import threading
import time
from collections import Counter
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT, TOKEN, SENDER = "AC1", "secret", "+13125550199"


class Provider:
    """Keeps every message it accepts. `behave` is asked, per request to send, what to do.

    It may answer "accept", "drop" (accept, then hang up without a word), "slow" (accept, then stay silent), "fail"
    (500, nothing accepted), "refuse" (400) or "busy" (429).
    """

    def __init__(self) -> None:
        self.accepted: list[dict[str, str]] = []
        self.asked = 0
        self.plan: list[str] = []
        self.can_list = True
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def behave(self) -> str:
        return self.plan.pop(0) if self.plan else "accept"

    def think(self) -> None:
        """What the provider does between taking a message and answering."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def settings(self) -> dict[str, str]:
        return {"gateway": "twilio", "api_url": self.url, "account": ACCOUNT, "token": TOKEN, "sender": SENDER}

    def copies(self) -> Counter[str]:
        """How often each key was accepted."""
        with self.lock:
            return Counter(form["key"] for form in self.accepted)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, it: BaseException | None, at: TracebackType | None) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
                with provider.lock:
                    does = provider.behave()
                    if does in {"accept", "drop", "slow"}:
                        sid = f"SM{len(provider.accepted):04d}"
                        provider.accepted.append(
                            {
                                **form,
                                "sid": sid,
                                "at": formatdate(),
                                "auth": self.headers["Authorization"],
                                "key": unquote(self.headers["Idempotency-Key"]),
                            }
                        )
                provider.think()
                if does == "slow":
                    time.sleep(1)
                if does == "accept":
                    self._answer(201, {"sid": sid, "status": "queued"})
                elif does in {"fail", "refuse", "busy"}:
                    status = {"fail": 500, "refuse": 400, "busy": 429}[does]
                    self._answer(status, {"code": 21211, "message": "no"})
                self.close_connection = True

            def do_GET(self) -> None:
                to = parse_qs(urlsplit(self.path).query)["To"][0]
                with provider.lock:
                    provider.asked += 1
                    # Like the real one, the list does not give back our key.
                    found = [
                        {"sid": form["sid"], "to": form["To"], "body": form["Body"], "date_created": form["at"]}
                        for form in provider.accepted
                        if form["To"] == to
                    ]
                if provider.can_list:
                    self._answer(200, {"messages": found})
                else:
                    self._answer(503, {})

            def _answer(self, status: int, content: dict[str, Any]) -> None:
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Handler
