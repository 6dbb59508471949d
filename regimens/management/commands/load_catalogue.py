"""Loads the drug catalogue. Safe to run at every start: nothing changes when the file has not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actor import system
from core.errors import Refusal
from regimens.services import catalogue


class Command(BaseCommand):
    """Make the database's drug catalogue equal to the project's file."""

    help = "Loads products, billing codes and indications from regimens/data/catalogue.json."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = catalogue.load(by=system("catalogue"))
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(
            f"Catalogue {loaded.version}: {loaded.products} products, {loaded.indications} indications; "
            f"{loaded.added} added, {loaded.changed} changed."
        )
