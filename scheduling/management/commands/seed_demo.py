"""Fills the demo clinic with invented people, or moves it on to the clinic's today. Only where DEMO is on."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organization
from core import clock
from core.actor import system
from regimens.services import catalogue
from scheduling.demo import catch_up, fill
from scheduling.demo.house import SignIn

SIGN_INS = Path(settings.BASE_DIR) / ".demo" / "signins.json"


class Command(BaseCommand):
    """Fill the demo clinic, or catch up with the clock."""

    help = "Fills an empty database with the demo clinic; --catch-up plays the days since it was last seen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--catch-up", action="store_true", help="play the visits between then and now")
        parser.add_argument("--seed", type=int, default=fill.SEED, help="another seed gives other people")
        parser.add_argument("--sign-ins", type=Path, default=SIGN_INS, help="where to write who can sign in")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This fills a demo with invented people; set DEMO=on if that is what you want.")
        started = time.monotonic()
        if options["catch_up"]:
            catch_up.catch_up(say=self.stdout.write)
        else:
            self._fill(seed=options["seed"], sign_ins=options["sign_ins"])
        self.stdout.write(f"Done in {time.monotonic() - started:.1f} s.")

    def _fill(self, *, seed: int, sign_ins: Path) -> None:
        if Organization.objects.exists():
            raise CommandError("There is a clinic in this database already; the demo fills only an empty one.")
        loaded = catalogue.load(by=system("demo"))
        self.stdout.write(f"Catalogue {loaded.version}: {loaded.products} products.")
        people = fill.fill(now=clock.now(), say=self.stdout.write, seed=seed)
        _write(sign_ins, people)
        for person in people:
            self.stdout.write(f"  {person.role}: {person.user.email} {person.password} ({person.note})")


def _write(path: Path, people: Sequence[SignIn]) -> None:
    rows = [
        {
            "role": person.role,
            "name": person.user.name,
            "email": person.user.email,
            "password": person.password,
            "note": person.note,
        }
        for person in people
    ]
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(rows, indent=1))
