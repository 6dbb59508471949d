"""Write docs/states.md from the table of moves."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from scheduling.domain import diagram


class Command(BaseCommand):
    help = "Write docs/states.md from the table of legal status moves."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "docs" / "states.md").write_text(diagram.page())
        self.stdout.write("docs/states.md is up to date.")
