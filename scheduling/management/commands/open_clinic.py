"""Open a clinic from the command line: the first thing to do after installing."""

import getpass
import os
from datetime import time
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.domain.policy import Role
from core.errors import Refusal
from scheduling.services import opening


class Command(BaseCommand):
    help = "Create an organization, a clinic with hours and chairs, and its first manager."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True)
        parser.add_argument("--name", required=True, help="the clinic's name, seen by staff")
        parser.add_argument("--public-name", required=True, help="a neutral name for messages")
        parser.add_argument("--time-zone", required=True, help="an IANA zone, such as America/Chicago")
        parser.add_argument("--phone", required=True)
        parser.add_argument("--address", required=True)
        parser.add_argument("--opens", default="07:00", type=time.fromisoformat)
        parser.add_argument("--closes", default="18:00", type=time.fromisoformat)
        parser.add_argument("--weekdays", default="01234", help="0 is Monday; default 01234")
        parser.add_argument("--chairs", default=14, type=int)
        parser.add_argument("--private-rooms", default=2, type=int)
        parser.add_argument("--manager-email", required=True)
        parser.add_argument("--manager-name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("MANAGER_PASSWORD") or getpass.getpass("A passphrase for the manager (15 or more): ")
        try:
            validate_password(password)
            plan = opening.NewClinic(
                organization=options["organization"],
                name=options["name"],
                public_name=options["public_name"],
                time_zone=options["time_zone"],
                phone=options["phone"],
                address=options["address"],
                opens=options["opens"],
                closes=options["closes"],
                weekdays=sorted({int(digit) for digit in options["weekdays"]}),
                chairs=options["chairs"],
                private_rooms=options["private_rooms"],
            )
            clinic = opening.open_clinic(plan=plan)
            opening.add_member(
                clinic=clinic,
                email=options["manager_email"],
                name=options["manager_name"],
                role=Role.MANAGER,
                password=password,
            )
        except (Refusal, ValidationError, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{clinic.name} is open: {options['manager_email']} can sign in.")
        self.stdout.write("Next: `manage.py add_member` for nurses and schedulers, then `manage.py plan_rota`.")
