"""Changing chairs: adding, changing, retiring, and taking one out of use for some time."""

from uuid import UUID

from django.http import HttpResponse

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.permissions import requires
from scheduling.queries import outages as reading
from scheduling.queries import setup, visits
from scheduling.services import outages, setup_chairs
from scheduling.setup_forms import ChairForm, OutageForm, SureForm
from scheduling.views.setup_step import Change, bound, step

BACK = ("setup-chairs", "Chairs")


@requires(Permission.CLINIC_CHANGE)
def chair_new(request: ClinicRequest) -> HttpResponse:
    """Add a chair."""
    place = sum(chair.is_active for chair in setup.chairs(request.clinic)) + 1
    form = ChairForm(bound(request), initial={"position": place})
    change = Change(
        title="Add a chair",
        act=lambda: setup_chairs.add(clinic=request.clinic, facts=form.facts(), by=request.actor),
        done="The chair is on the board.",
        save="Add the chair",
        back=BACK,
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def chair(request: ClinicRequest, chair_id: UUID) -> HttpResponse:
    """Name, kind, isolation and place of a chair."""
    found = visits.get_chair(request.clinic, chair_id)
    initial = {name: getattr(found, name) for name in ("name", "kind", "is_isolation", "position")}
    form = ChairForm(bound(request), initial=initial)
    change = Change(
        title=f"Change {found.name}",
        act=lambda: setup_chairs.change(chair=found, facts=form.facts(), by=request.actor),
        done="Saved.",
        back=BACK,
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def chair_retire(request: ClinicRequest, chair_id: UUID) -> HttpResponse:
    """Take a chair off the board; its history stays."""
    found = visits.get_chair(request.clinic, chair_id)
    change = Change(
        title=f"Retire {found.name}",
        note="A retired chair takes no more visits. Its history stays, and it can be brought back.",
        act=lambda: setup_chairs.retire(chair=found, by=request.actor),
        done=f"{found.name} is retired.",
        save=f"Retire {found.name}",
        is_danger=True,
        back=BACK,
    )
    return step(request, SureForm(bound(request)), change)


@requires(Permission.CLINIC_CHANGE)
def chair_back(request: ClinicRequest, chair_id: UUID) -> HttpResponse:
    """Bring a retired chair back."""
    found = visits.get_chair(request.clinic, chair_id)
    change = Change(
        title=f"Bring {found.name} back",
        act=lambda: setup_chairs.bring_back(chair=found, by=request.actor),
        done=f"{found.name} is on the board again.",
        save=f"Bring {found.name} back",
        back=BACK,
    )
    return step(request, SureForm(bound(request)), change)


@requires(Permission.CLINIC_CHANGE)
def chair_out(request: ClinicRequest, chair_id: UUID) -> HttpResponse:
    """Take a chair out of use for some time."""
    found = visits.get_chair(request.clinic, chair_id)
    today = clock.today(request.clinic.zone)
    form = OutageForm(bound(request), initial={"starts_on": today, "ends_on": today})

    def act() -> object:
        entered, zone = form.cleaned_data, request.clinic.zone
        return outages.add(
            chair=found,
            starts_at=clock.instant(entered["starts_on"], entered["starts"], zone, field="starts"),
            ends_at=clock.instant(entered["ends_on"], entered["ends"], zone, field="ends"),
            reason=entered["reason"],
            by=request.actor,
        )

    change = Change(
        title=f"Take {found.name} out of use",
        note="For a broken pump, cleaning or repair. It comes back by itself at the end.",
        act=act,
        done=f"{found.name} is out of use then.",
        save="Take it out of use",
        back=BACK,
        upset=lambda: {
            "kind": "chair",
            "chair": found.id,
            "on": form.cleaned_data["starts_on"],
            "starts": f"{form.cleaned_data['starts']:%H:%M}",
            "until_on": form.cleaned_data["ends_on"],
            "ends": f"{form.cleaned_data['ends']:%H:%M}",
            "reason": form.cleaned_data["reason"],
        },
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def outage_lift(request: ClinicRequest, outage_id: UUID) -> HttpResponse:
    """Give a chair back before its time."""
    outage = reading.get_outage(request.clinic, outage_id)
    name = outage.chair.name
    change = Change(
        title=f"Give {name} back",
        note=f"Out of use {outages.when(outage, request.clinic)}: {outage.reason}.",
        act=lambda: outages.lift(outage=outage, by=request.actor),
        done=f"{name} can be booked again.",
        save=f"Give {name} back",
        back=BACK,
    )
    return step(request, SureForm(bound(request)), change)
