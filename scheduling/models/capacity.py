"""Chairs, shifts, and what nurses can carry in each quarter hour."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic, User
from core.ids import new_id


class ChairKind(models.TextChoices):
    RECLINER = "recliner", "Recliner"
    BED = "bed", "Bed"
    PRIVATE_ROOM = "private_room", "Private room"


class Chair(models.Model):
    """A place where one patient is infused at a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="chairs")
    name = models.CharField(max_length=12)
    kind = models.CharField(max_length=12, choices=ChairKind.choices, default=ChairKind.RECLINER)
    is_isolation = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="chair_name_once")]

    def __str__(self) -> str:
        return self.name


class ChairOutage(models.Model):
    """A chair that can't be used for some time, half-open instants; it counts until it is lifted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="chair_outages")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="outages")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    created_by_label = models.CharField(max_length=150)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "ends_at"], name="chair_outage_by_end")]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="chair_outage_order")]

    def __str__(self) -> str:
        return f"{self.chair} out from {self.starts_at}"


class NurseSkill(models.Model):
    """Something a nurse may do that not every nurse may, such as starting a first dose or using a port."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="nurse_skills")
    nurse = models.ForeignKey(User, on_delete=models.CASCADE, related_name="skills")
    skill = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "nurse", "skill"], name="nurse_skill_once")]

    def __str__(self) -> str:
        return f"{self.nurse}: {self.skill}"


class Assignment(models.TextChoices):
    """How a visit comes to its nurse."""

    PULL = "pull", "Nurses take the next patient"
    PUSH = "push", "The board proposes the nurse with most room"
    AHEAD = "ahead", "Nurses are assigned before the day"


class ClinicRules(models.Model):
    """A clinic's own settings of the day. Times of vital signs left empty are the project's, with their source."""

    clinic = models.OneToOneField(Clinic, on_delete=models.CASCADE, primary_key=True, related_name="rules")
    assignment = models.CharField(max_length=6, choices=Assignment.choices, default=Assignment.PULL)
    turnover_minutes = models.PositiveSmallIntegerField(default=0, help_text="Less between two visits asks a reason.")
    hold_minutes = models.PositiveSmallIntegerField(default=10)
    offer_minutes = models.PositiveSmallIntegerField(default=120)
    notice_hours = models.PositiveSmallIntegerField(default=24, help_text="An offer is at least so far ahead.")
    passes_offers_on = models.BooleanField(
        default=True, help_text="Whether a place not taken is offered to the next by itself; else staff are asked."
    )
    tells_patient = models.BooleanField(default=True, help_text="Whether patients are told of a move.")
    holidays_country = models.CharField(max_length=2, default="US", help_text="Whose public holidays are offered.")
    holidays_part = models.CharField(max_length=16, blank=True, help_text="A state or another part of the country.")
    vitals_after_start_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    vitals_every_minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="At the full rate.")
    vitals_early_minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Counts so long before.")
    vitals_late_minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Overdue so long after.")
    vitals_source = models.CharField(max_length=200, blank=True, help_text="Of the clinic's own times for vital signs.")
    vitals_confidence = models.CharField(max_length=10, blank=True)

    class Meta:
        verbose_name_plural = "clinic rules"

    def __str__(self) -> str:
        return f"rules of {self.clinic}"


class Shift(models.Model):
    """A nurse's working time on one day; half-open instants. During lunch the nurse does not count."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="shifts")
    nurse = models.ForeignKey(User, on_delete=models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    lunch_starts_at = models.DateTimeField(null=True)
    lunch_ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "starts_at"], name="shift_by_day")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_order"),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} from {self.starts_at}"


class LoadWeight(models.Model):
    """Nurse need in one phase of a visit, in hundredths of a nurse, with its source and how sure we are of it."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="load_weights")
    phase = models.CharField(max_length=16)
    hundredths = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)
    confidence = models.CharField(max_length=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "phase"], name="load_weight_once")]

    def __str__(self) -> str:
        return f"{self.phase}: {self.hundredths / 100}"


class CapacitySlot(models.Model):
    """A quarter hour of a clinic: nurses present, and what visits take of them. No row means closed.

    Loads are in hundredths of a nurse. `override_*` is what named overrides took above the capacity.
    """

    pk = models.CompositePrimaryKey("clinic_id", "starts_at")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="capacity_slots")
    starts_at = models.DateTimeField()
    load_used = models.IntegerField(default=0)
    load_cap = models.IntegerField()
    override_load = models.IntegerField(default=0)
    starts_used = models.IntegerField(default=0)
    starts_cap = models.IntegerField()
    override_starts = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(load_used__gte=0, load_used__lte=F("load_cap") + F("override_load")),
                name="capacity_slot_load",
            ),
            models.CheckConstraint(
                condition=Q(starts_used__gte=0, starts_used__lte=F("starts_cap") + F("override_starts")),
                name="capacity_slot_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at}: {self.load_used}/{self.load_cap}"


class BoardVersion(models.Model):
    """A number per clinic and day that grows with every change, so that a board can ask "anything new?" cheaply."""

    pk = models.CompositePrimaryKey("clinic_id", "on")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    on = models.DateField()
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.on}: {self.version}"
