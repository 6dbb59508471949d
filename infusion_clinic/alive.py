"""The file that a worker and beat touch while their loops turn; `infusion_clinic.probe` looks at its age."""

from pathlib import Path

from django.conf import settings


def touch() -> None:
    """Show that this process is alive, where ALIVE_FILE asks for it."""
    if settings.ALIVE_FILE:
        Path(settings.ALIVE_FILE).touch()
