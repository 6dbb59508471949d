"""Changing shifts, nurses' skills, load weights and the rules of the day."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from django.http import HttpResponse

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.permissions import requires
from scheduling.presenters import setup as presenting
from scheduling.queries import setup
from scheduling.services import setup_rules, setup_shifts, setup_site
from scheduling.setup_forms import (
    CadenceForm,
    CopyForm,
    RulesForm,
    ShiftForm,
    SiteForm,
    SkillsForm,
    SureForm,
    WeightForm,
    shift_initial,
)
from scheduling.views.setup_step import Change, bound, step

SHIFTS = ("setup-shifts", "Shifts")


@requires(Permission.CLINIC_CHANGE)
def shift_new(request: ClinicRequest) -> HttpResponse:
    """Put a nurse on shift; the nurse and the day may be named in the address."""
    initial = shift_initial(request.GET.get("nurse", ""), _day(request.GET.get("on", "")))
    form = ShiftForm(bound(request), nurses=setup.nurses(request.clinic), initial=initial)
    change = Change(
        title="Add a shift",
        act=lambda: setup_shifts.add(clinic=request.clinic, facts=form.facts(), by=request.actor),
        done="The shift is added.",
        save="Add the shift",
        back=SHIFTS,
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def shift(request: ClinicRequest, shift_id: int) -> HttpResponse:
    """Another time, day or nurse for a shift."""
    found = setup.get_shift(request.clinic, shift_id)
    initial = presenting.shift_initial(found, request.clinic)
    form = ShiftForm(bound(request), nurses=setup.nurses(request.clinic), initial=initial)
    change = Change(
        title=f"Shift of {found.nurse.name}",
        act=lambda: setup_shifts.change(shift=found, facts=form.facts(), by=request.actor),
        done="The shift is changed.",
        extra={"shift": found},
        back=SHIFTS,
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def shift_remove(request: ClinicRequest, shift_id: int) -> HttpResponse:
    """Take a nurse off shift."""
    found = setup.get_shift(request.clinic, shift_id)
    start, end = (moment.astimezone(request.clinic.zone) for moment in (found.starts_at, found.ends_at))
    change = Change(
        title=f"Take {found.nurse.name} off shift",
        note=f"{start:%A %-d %B %Y}, {start:%H:%M}–{end:%H:%M}.",
        act=lambda: setup_shifts.remove(shift=found, by=request.actor),
        done="The shift is removed.",
        save="Remove the shift",
        is_danger=True,
        back=SHIFTS,
        upset=lambda: {
            "kind": "nurse",
            "nurse": found.nurse_id,
            "on": start.date(),
            "starts": f"{start:%H:%M}",
            "ends": f"{end:%H:%M}",
        },
    )
    return step(request, SureForm(bound(request)), change)


@requires(Permission.CLINIC_CHANGE)
def shifts_copy(request: ClinicRequest, on: date) -> HttpResponse:
    """Repeat a week of shifts in later weeks."""
    monday = setup_shifts.monday_of(on)
    form = CopyForm(bound(request), initial={"to_on": monday + setup_shifts.WEEK, "weeks": 1})
    change = Change(
        title=f"Copy the week of {monday:%-d %b %Y}",
        note="Closed days are left out, and so is a nurse who has a shift on a day already.",
        act=lambda: setup_shifts.copy_week(
            clinic=request.clinic, from_on=monday, by=request.actor, **form.cleaned_data
        ),
        done="The week is copied.",
        save="Copy the week",
        back=SHIFTS,
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def skills(request: ClinicRequest, nurse_id: UUID) -> HttpResponse:
    """What a nurse may do."""
    nurse = setup.get_nurse(request.clinic, nurse_id)
    known = setup.skills(request.clinic).get(nurse.id, ())
    form = SkillsForm(bound(request), initial={"skills": [skill.value for skill in known]})
    change = Change(
        title=f"What {nurse.name} may do",
        act=lambda: setup_rules.save_skills(
            clinic=request.clinic, nurse_id=nurse.id, skills=form.chosen(), by=request.actor
        ),
        back=("setup-skills", "Skills"),
        done="Saved.",
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def weight(request: ClinicRequest, phase: str) -> HttpResponse:
    """The nurse need of a phase."""
    found = setup.get_weight(request.clinic, phase)
    form = WeightForm(bound(request), initial=asdict(found))
    change = Change(
        title=presenting.PHASES[found.phase],
        note="It counts for visits booked or moved from now on. Booked visits keep the need they were booked with.",
        act=lambda: setup_rules.save_weight(
            clinic=request.clinic,
            phase=found.phase,
            hundredths=form.cleaned_data["hundredths"],
            source=form.cleaned_data["source"],
            confidence=form.sure(),
            by=request.actor,
        ),
        back=("setup-weights", "Nurse need"),
        done="Saved.",
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def rules(request: ClinicRequest) -> HttpResponse:
    """The rules of the day."""
    form = RulesForm(bound(request), initial=asdict(setup_rules.facts_of(request.clinic)))
    change = Change(
        title="Rules of the day",
        act=lambda: setup_rules.save_rules(clinic=request.clinic, facts=form.facts(), by=request.actor),
        back=("setup", "Set-up"),
        done="The rules are saved.",
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def site(request: ClinicRequest) -> HttpResponse:
    """How payers know the clinic."""
    clinic = request.clinic
    known = {"npi": clinic.npi, "place_of_service": clinic.place_of_service}
    form = SiteForm(bound(request), initial=known)
    change = Change(
        title="Site of care",
        note="A payer may authorize a drug for one site only. Each visit is compared with what the payer authorized.",
        act=lambda: setup_site.save_site(clinic=clinic, by=request.actor, **form.cleaned_data),
        back=("setup", "Set-up"),
        done="The site is saved.",
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def vitals(request: ClinicRequest) -> HttpResponse:
    """When vital signs are due."""
    found = setup.cadence(request.clinic)
    form = CadenceForm(bound(request), initial=presenting.cadence_initial(found))
    change = Change(
        title="Times for vital signs",
        note="Besides these: before the start, with every rate increase, and at the end of each part.",
        act=lambda: setup_rules.save_cadence(
            clinic=request.clinic,
            cadence=form.cadence(),
            source=form.cleaned_data["source"],
            confidence=form.sure(),
            by=request.actor,
        ),
        back=("setup", "Set-up"),
        done="The times are saved.",
        extra={"cadence": presenting.cadence_rows(found)},
    )
    return step(request, form, change)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
