"""A clinic's own settings of the day. A clinic that never set any has the model's defaults."""

from accounts.models import Clinic
from scheduling.models import ClinicRules


def rules_of(clinic: Clinic) -> ClinicRules:
    """The settings of `clinic`; unsaved defaults where it has none."""
    return ClinicRules.objects.filter(clinic=clinic).first() or ClinicRules(clinic=clinic)


def turnover_minutes(clinic: Clinic) -> int:
    """How long making a chair ready takes; 0 where short turnover asks no reason."""
    found = ClinicRules.objects.filter(clinic=clinic).values_list("turnover_minutes", flat=True).first()
    return found or 0
