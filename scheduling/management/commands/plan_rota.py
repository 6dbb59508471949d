"""Put all nurses of a clinic on shift for some weeks, as a first rota."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Clinic
from core import clock
from scheduling.services import opening


class Command(BaseCommand):
    help = "Put every nurse on shift for all opening hours of days that have no rota yet, with lunches one by one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clinic", required=True, help="the clinic's name")
        parser.add_argument("--weeks", default=52, type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = Clinic.objects.filter(name=options["clinic"]).first()
        if clinic is None:
            raise CommandError(f"There is no clinic named {options['clinic']!r}.")
        today = clock.today(clinic.zone)
        planned = opening.plan_rota(clinic=clinic, first_on=today, last_on=today + timedelta(weeks=options["weeks"]))
        if not planned:
            raise CommandError(f"{clinic.name} has no nurses, or every day has its rota: nothing was planned.")
        self.stdout.write(f"{planned} shifts planned for {clinic.name}.")
