"""A clinic's own settings of the day. A clinic that never set any has the model's defaults."""

from accounts.models import Clinic
from scheduling.domain.vitals import CADENCE, VitalsCadence
from scheduling.models import ClinicRules


def rules_of(clinic: Clinic) -> ClinicRules:
    """The settings of `clinic`; unsaved defaults where it has none."""
    return ClinicRules.objects.filter(clinic=clinic).first() or ClinicRules(clinic=clinic)


def turnover_minutes(clinic: Clinic) -> int:
    """How long making a chair ready takes; 0 where short turnover asks no reason."""
    found = ClinicRules.objects.filter(clinic=clinic).values_list("turnover_minutes", flat=True).first()
    return found or 0


def known_rules(clinic: Clinic) -> ClinicRules:
    """Like `rules_of`, without SQL where the clinic was read with its rules."""
    found: ClinicRules | None = getattr(clinic, "rules", None)
    return found or ClinicRules(clinic=clinic)


def cadence_of(rules: ClinicRules) -> VitalsCadence:
    """When vital signs are due at the clinic: its own times, and the project's where it has none."""
    own = {
        "after_start": rules.vitals_after_start_minutes,
        "at_maximum_every": rules.vitals_every_minutes,
        "early": rules.vitals_early_minutes,
        "late": rules.vitals_late_minutes,
    }
    return VitalsCadence(**vars(CADENCE) | {name: value for name, value in own.items() if value is not None})
