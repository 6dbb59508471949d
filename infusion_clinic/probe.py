"""The container's health check: `python infusion_clinic/probe.py web|worker|beat`; exit status 0 means healthy.

Run as a file and with the standard library only, because it runs every few seconds. The web process is asked for
`/healthz`; a worker and beat touch ALIVE_FILE while their loops turn, so a file gone stale means a hung process.
"""

import http.client
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

STALE_SECONDS = 30


def is_web_alive(port: int = 8000) -> bool:
    """Whether gunicorn answers; the Host header is one that ALLOWED_HOSTS lets in."""
    host = urlsplit(os.environ.get("BASE_URL", "")).netloc or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_loop_alive() -> bool:
    """Whether the worker or beat in this container has touched its file lately."""
    try:
        return time.time() - Path(os.environ["ALIVE_FILE"]).stat().st_mtime < STALE_SECONDS
    except (KeyError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if (is_web_alive() if sys.argv[1] == "web" else is_loop_alive()) else 1)
