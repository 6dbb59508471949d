"""People treated here. No drug, no chair: those packages point here, never the other way."""

from zoneinfo import ZoneInfo

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Lower, Upper

from accounts.models import Clinic, Organization, User
from core.ids import new_id
from patients.domain.insurance import LineOfBusiness
from patients.domain.names import ACCENTED_LETTERS, PLAIN_LETTERS


class Translate(models.Func):
    """PostgreSQL's translate(text, from, to): each letter of one list becomes its twin of the other."""

    function = "translate"
    output_field = models.TextField()


class PatientQuerySet(models.QuerySet["Patient"]):
    def for_clinic(self, clinic: Clinic) -> "PatientQuerySet":
        return self.filter(clinic=clinic)


class Sex(models.TextChoices):
    """Sex used in dosing-weight formulas, as recorded by the clinic."""

    FEMALE = "female", "Female"
    MALE = "male", "Male"
    UNKNOWN = "unknown", "Not recorded"


class Patient(models.Model):
    """A person who is treated, and how to reach them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    user = models.OneToOneField(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="patient")
    record_number = models.CharField(max_length=20)
    given_name = models.CharField(max_length=60)
    family_name = models.CharField(max_length=60)
    birth_date = models.DateField()
    sex = models.CharField(max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    height_cm = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty means the clinic's.")
    language = models.CharField(max_length=8, default="en")
    needs_private_room = models.BooleanField(default=False)
    needs_interpreter = models.BooleanField(default=False)
    prefers_weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    prefers_time = models.TimeField(null=True, blank=True)
    email_consent_at = models.DateTimeField(null=True, blank=True)
    sms_consent_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    search_name = models.GeneratedField(
        expression=Translate(
            Lower(Concat(Value(" "), F("given_name"), Value(" "), F("family_name"))),
            Value(ACCENTED_LETTERS),
            Value(PLAIN_LETTERS),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "record_number"], name="patient_record_number_once"),
        ]
        indexes = [
            models.Index(fields=["clinic", "family_name", "given_name"], name="patient_by_name"),
            models.Index(fields=["clinic", "birth_date"], name="patient_by_birth_date"),
            models.Index(
                F("clinic"), OpClass(Upper("record_number"), name="text_pattern_ops"), name="patient_by_number_start"
            ),
            GinIndex(fields=["search_name"], opclasses=["gin_trgm_ops"], name="patient_name_like"),
        ]

    def __str__(self) -> str:
        return f"{self.family_name}, {self.given_name}"

    @property
    def short_name(self) -> str:
        """Family name and initial, as on the board."""
        return f"{self.family_name}, {self.given_name[:1]}."

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone) if self.time_zone else self.clinic.zone


class WeightMeasurement(models.Model):
    """A measured body weight in kilograms."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="weights")
    measured_on = models.DateField()
    kg = models.DecimalField(max_digits=4, decimal_places=1)

    class Meta:
        ordering = ["-measured_on", "-id"]
        get_latest_by = "measured_on"
        constraints = [
            models.CheckConstraint(condition=models.Q(kg__gte=1, kg__lte=400), name="weight_is_plausible"),
        ]

    def __str__(self) -> str:
        return f"{self.kg} kg on {self.measured_on}"


class LabResult(models.Model):
    """A laboratory value. `code` is the short name the clinic uses, such as ``creatinine``."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="labs")
    code = models.CharField(max_length=32)
    taken_on = models.DateField()
    value = models.DecimalField(max_digits=10, decimal_places=3, null=True)
    unit = models.CharField(max_length=20, blank=True)
    text = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["-taken_on", "-id"]

    def __str__(self) -> str:
        return f"{self.code} on {self.taken_on}"


class RiskFlag(models.Model):
    """Something to know before infusing: a caution, a contraindication, an earlier reaction."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="risk_flags")
    code = models.CharField(max_length=40)
    note = models.CharField(max_length=200, blank=True)
    since_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.code} since {self.since_on}"


class Payer(models.Model):
    """An insurer. What it decides lives in `authorizations`; here is only who it is and how fast it works."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="payers")
    name = models.CharField(max_length=80)
    line_of_business = models.CharField(max_length=32, choices=[(line.value, line.label) for line in LineOfBusiness])
    phone = models.CharField(max_length=32, blank=True)
    usual_decision_days = models.PositiveSmallIntegerField(default=5)
    renewal_lead_days = models.PositiveSmallIntegerField(default=45)
    needs_authorization = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="payer_once")]

    def __str__(self) -> str:
        return self.name


class Coverage(models.Model):
    """A patient's membership of a payer's plan, for some time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="coverages")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="coverages")
    member_id = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    verified_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-starts_on"]

    def __str__(self) -> str:
        return f"{self.payer} {self.member_id}"


class TreatmentConsent(models.Model):
    """Consent to be treated, signed by the patient. It counts for a year unless withdrawn."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="treatment_consents")
    signed_on = models.DateField()
    withdrawn_on = models.DateField(null=True, blank=True)
    recorded_by_label = models.CharField(max_length=150)

    class Meta:
        ordering = ["-signed_on", "-id"]

    def __str__(self) -> str:
        return f"consent of {self.signed_on}"


class DiaryEntry(models.Model):
    """A line of a patient's symptom diary, in their own words. A red flag is answered at once and awaits a nurse."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="diary")
    happened_at = models.DateTimeField()
    symptom = models.CharField(max_length=40, help_text="What troubles most: a red flag, else what was ticked first.")
    more_symptoms = models.JSONField(default=list, blank=True)
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    onset = models.CharField(max_length=16, blank=True)
    duration_hours = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    temperature_c = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    treatment = models.CharField(max_length=200, blank=True)
    is_resolved = models.BooleanField(default=False)
    function_score = models.PositiveSmallIntegerField(null=True, blank=True)
    wear_off_days = models.PositiveSmallIntegerField(null=True, blank=True)
    text = models.CharField(max_length=500, blank=True)
    is_red_flag = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "diary entries"
        ordering = ["-happened_at", "-id"]
        indexes = [models.Index(fields=["patient", "-happened_at"], name="diary_by_patient")]
        constraints = [
            models.CheckConstraint(condition=Q(severity__isnull=True) | Q(severity__lte=10), name="diary_severity"),
        ]

    def __str__(self) -> str:
        return f"{self.symptom} at {self.happened_at}"

    @property
    def symptoms(self) -> tuple[str, ...]:
        """Every symptom of the entry, the one that troubles most first."""
        return (self.symptom, *self.more_symptoms)
