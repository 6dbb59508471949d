"""Papers of a patient: consent to be treated. What makes no sense, and until when one counts."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from core.errors import Reason
from core.sourced import Confidence, Sourced
from patients.domain.months import add_months


@dataclass(frozen=True)
class PaperSettings:
    """How long a consent counts."""

    consent_months: Annotated[int, Sourced("clinic policy: signed again every year", Confidence.CLINIC)] = 12


PAPER_SETTINGS = PaperSettings()


def check_consent_date(*, signed_on: date, today: date, born_on: date) -> tuple[Reason, ...]:
    """Why a consent cannot be recorded."""
    if signed_on > today:
        return (Reason("consent_later", "A consent cannot be signed in the future.", field="signed_on"),)
    if signed_on < born_on:
        return (Reason("consent_early", "The consent is dated before the patient was born.", field="signed_on"),)
    return ()


def consent_until(signed_on: date, *, months: int = PAPER_SETTINGS.consent_months) -> date:
    """The last day on which a consent counts.

    Source: clinic policy; confidence K.
    """
    return add_months(signed_on, months) - timedelta(days=1)
