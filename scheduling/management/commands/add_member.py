"""Give a person a role at a clinic."""

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.domain.policy import Role
from accounts.models import Clinic
from scheduling.services import opening

STAFF = [role.value for role in Role if role is not Role.PATIENT]


class Command(BaseCommand):
    help = "Give a person a role at a clinic; asks for a passphrase unless MEMBER_PASSWORD is set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clinic", required=True, help="the clinic's name")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", required=True, choices=STAFF)

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = Clinic.objects.filter(name=options["clinic"]).first()
        if clinic is None:
            raise CommandError(f"There is no clinic named {options['clinic']!r}.")
        password = os.environ.get("MEMBER_PASSWORD") or getpass.getpass("A passphrase (15 or more): ")
        try:
            validate_password(password)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        role = Role(options["role"])
        opening.add_member(clinic=clinic, email=options["email"], name=options["name"], role=role, password=password)
        self.stdout.write(f"{options['name']} is now {role.label.lower()} at {clinic.name}.")
