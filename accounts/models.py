"""Who may sign in, where they work, and with which role. The organization is the tenant; a clinic is a site of it."""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from accounts.domain.places_of_service import PLACES
from accounts.domain.policy import Role
from core.ids import new_id


def check_zone(name: str) -> None:
    """Refuse a name that is not an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not an IANA time zone such as America/Chicago.")


class Organization(models.Model):
    """The tenant: everything belongs to exactly one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Clinic(models.Model):
    """A site with chairs, hours and a time zone of its own."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="clinics")
    name = models.CharField(max_length=120)
    public_name = models.CharField(
        max_length=60, help_text="A neutral name for messages: it must not say what is treated here."
    )
    time_zone = models.CharField(max_length=64, validators=[check_zone])
    phone = models.CharField(max_length=32)
    address = models.CharField(max_length=200)
    emergency_number = models.CharField(
        max_length=16, default="911", help_text="What a patient calls in an emergency, where the clinic is."
    )
    npi = models.CharField(max_length=10, blank=True, help_text="The facility's National Provider Identifier.")
    place_of_service = models.CharField(max_length=2, blank=True, choices=PLACES)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class OpeningHours(models.Model):
    """When a clinic is open on a weekday (0 is Monday), on its own wall clock. No row means closed."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        constraints = [
            models.UniqueConstraint(fields=["clinic", "weekday"], name="opening_hours_once_a_weekday"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="opening_hours_weekday"),
            models.CheckConstraint(condition=models.Q(closes__gt=models.F("opens")), name="opening_hours_order"),
        ]

    def __str__(self) -> str:
        return f"{self.clinic}: {self.weekday} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Closure(models.Model):
    """A date on which a clinic is closed although the weekday says open."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="closures")
    on = models.DateField()
    reason = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "on"], name="closure_once_a_day")]

    def __str__(self) -> str:
        return f"{self.clinic} closed on {self.on}: {self.reason}"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new user; without a password they can sign in only by code."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in. What they may do comes from memberships, never from the user row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    uses_shortcuts = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    is_staff = False
    is_superuser = False

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person at one clinic. Several rows give several roles."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=24, choices=[(role.value, role.label) for role in Role])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "clinic", "role"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=[role.value for role in Role]), name="membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} at {self.clinic}"


class ApiKey(models.Model):
    """A program's key to one clinic. Only the SHA-256 of the secret is stored; `prefix` finds it in a list."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    permissions = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"


class SignInCode(models.Model):
    """A six-digit code sent to a person, good once, for ten minutes and few tries. Only its keyed hash is stored.

    Without a user it is a decoy: an unknown address is answered exactly like a known one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sign_in_codes")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    birth_date_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="sign_in_code_old")]

    def __str__(self) -> str:
        return f"code for {self.user_id}"


class TryCount(models.Model):
    """How often something secret was tried. Changed only by single statements, so that no try goes uncounted."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    opens_at = models.DateTimeField(help_text="Until then no further try is looked at.")
    resets_at = models.DateTimeField(help_text="From then on the count starts afresh.")

    def __str__(self) -> str:
        return f"{self.count} tries"


class IdempotentRequest(models.Model):
    """What was answered to a request that carried a key, so that a repeat gets the same answer and does nothing."""

    id = models.BigAutoField(primary_key=True)
    actor_key = models.CharField(max_length=80)
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor_key", "key"], name="idempotent_request_once")]

    def __str__(self) -> str:
        return f"{self.actor_key}: {self.key}"
