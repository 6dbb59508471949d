"""`manage.py verify_audit`: has anybody tampered with the record?"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.services.verify import verify


class Command(BaseCommand):
    """Check the whole record; exit status 1 and the first thing wrong when something is."""

    help = "Check the audit record against its seals, and against heads kept elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--heads",
            type=Path,
            help="a file kept elsewhere with lines such as “seal 12 <digest>” (the worker's log has them): "
            "only these can show that the tail of the record was cut off",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["heads"]
        if path is not None and not path.is_file():
            raise CommandError(f"There is no file {path}.")
        verdict = verify(heads=path.read_text().splitlines() if path else ())
        if verdict.problem:
            raise CommandError(verdict.problem)
        self.stdout.write(
            f"The record is whole: {verdict.events} events under {verdict.seals} seals, {verdict.unsealed} not sealed "
            f"yet.\nKeep this elsewhere: {verdict.head}"
        )
