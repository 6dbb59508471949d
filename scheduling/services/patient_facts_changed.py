"""A fact about a patient is written down, then what rests on it follows: the plans, and the light of coming visits.

The fact is kept first, in a transaction of its own: it is true whether or not a plan can follow it just now. What a
plan cannot follow by itself becomes a task for staff, and the nightly rounds follow whatever was missed.
"""

from collections.abc import Callable
from typing import TypeVar

from core.transactions import business_act
from patients.models import Patient
from scheduling.services import gate, reanchoring

Result = TypeVar("Result")


def keep(patient: Patient, cause: str, act: Callable[[], Result]) -> Result:
    """Run `act`, which writes a fact about `patient` down, then let everything follow it; `cause` says it in words."""
    done = act()
    follow(patient, cause=cause)
    return done


@business_act
def follow(patient: Patient, *, cause: str) -> None:
    """Plans of the patient follow the new fact, and the gate looks at their coming visits again."""
    reanchoring.follow_patient(patient, cause=cause)
    gate.look_at_patient(patient.id)
