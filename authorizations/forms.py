"""The shape of what people enter about authorizations. Whether it makes sense is for the services to say."""

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.domain.places_of_service import PLACES
from accounts.models import User
from authorizations.domain.answers import Answer, Outcome
from authorizations.domain.statuses import MOVES, AuthorizationStatus
from authorizations.models import Authorization
from authorizations.services.work import ENDS, STEPS
from core.errors import Refusal
from patients.models import Coverage as Plan


def _day(label: str, *, required: bool = False, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


def _number(label: str, *, required: bool = False, help_text: str = "") -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "min": 1})
    return forms.IntegerField(label=label, required=required, help_text=help_text, widget=widget)


def _text(label: str, *, most: int, required: bool = False, help_text: str = "", rows: int = 0) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(label=label, required=required, max_length=most, help_text=help_text, widget=widget)


class ActForm(forms.Form):
    """A form about one authorization: it carries the version that was seen, and shows a refusal beside its fields."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, authorization: Authorization) -> None:
        super().__init__(data, initial={**self.proposed(authorization), "expected_version": authorization.version})
        self.authorization = authorization
        self.prepare()

    def proposed(self, authorization: Authorization) -> dict[str, Any]:  # noqa: ARG002
        """What the form shows before anything was entered."""
        return {}

    def prepare(self) -> None:
        """Fill in choices that depend on the authorization."""


def show_refusal(form: forms.Form, refusal: Refusal) -> None:
    """Put each reason beside the field it names, or on top."""
    for reason in refusal.reasons:
        form.add_error(reason.field if reason.field in form.fields else None, reason.sentence)


class RequestForm(forms.Form):
    """A new request for an order."""

    plan = forms.TypedChoiceField(label="Insurance plan")
    units = _number("Units to ask for", required=True)
    visits = _number("Visits to ask for", help_text="Leave empty where the payer counts none.")
    starts_on = _day("First day", required=True)
    ends_on = _day("Last day", required=True)
    is_urgent = forms.BooleanField(label="Urgent: waiting would harm the patient", required=False)

    def __init__(self, *args: Any, plans: Iterable[Plan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plans = {str(plan.pk): plan for plan in plans}
        choices = [(key, f"{plan.payer.name}, member {plan.member_id}") for key, plan in self.plans.items()]
        field = self.fields["plan"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101 (tells the type checker what is above)
        field.choices = choices

    def chosen_plan(self) -> Plan:
        return self.plans[self.cleaned_data["plan"]]


class SubmitForm(ActForm):
    """Sending a request."""

    reference = _text("Payer's reference", most=40, help_text="If they gave one. It can come later.")
    is_urgent = forms.BooleanField(label="Urgent: waiting would harm the patient", required=False)

    def proposed(self, authorization: Authorization) -> dict[str, Any]:
        return {"reference": authorization.reference, "is_urgent": authorization.is_urgent}


_ANSWER_ROWS = (
    ("outcome",),
    ("reference", "hcpcs"),
    ("units", "visits"),
    ("starts_on", "ends_on"),
    ("limit_units", "limit_days"),
    ("site_name", "site_npi"),
    ("place_of_service",),
    ("rendering_name", "rendering_npi"),
    ("reason",),
    ("appeal_due_on", "follow_up_on"),
)


class AnswerForm(ActForm):
    """What the payer said."""

    outcome = forms.ChoiceField(label="The payer's answer")
    reference = _text("Payer's reference", most=40)
    units = _number("Units approved")
    visits = _number("Visits approved", help_text="Empty where the payer counts none.")
    starts_on = _day("First day")
    ends_on = _day("Last day")
    hcpcs = _text("Drug code approved", most=8)
    limit_units = _number("At most this many units", help_text="Only if the payer limits how often.")
    limit_days = _number("In this many days")
    site_name = _text("Site of care", most=120, help_text="As the payer names it. Empty: any site.")
    site_npi = _text("Its NPI", most=10, help_text="Compared with this clinic’s. Empty: not compared.")
    place_of_service = forms.ChoiceField(
        label="Place of service",
        required=False,
        choices=[("", "Any place"), *PLACES],
        help_text="Only if the payer names a kind of place, such as 11 for an office.",
    )
    rendering_name = _text("Treating clinician", most=120, help_text="As the payer names them. Empty: any clinician.")
    rendering_npi = _text("Their NPI", most=10, help_text="Compared with the order’s prescriber. Empty: not compared.")
    reason = _text("If denied or pended: what the payer said", most=200, rows=2)
    appeal_due_on = _day("Last day to appeal", help_text="Empty: the legal limit of this kind of plan, where known.")
    follow_up_on = _day("Next follow-up", help_text="Empty: the usual day.")

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """The fields, those that belong together side by side."""
        return [[self[name] for name in names] for names in _ANSWER_ROWS]

    def proposed(self, authorization: Authorization) -> dict[str, Any]:
        return {
            "reference": authorization.reference,
            "units": authorization.units_approved or authorization.units_requested,
            "visits": authorization.visits_approved,
            "starts_on": authorization.starts_on,
            "ends_on": authorization.ends_on,
            "hcpcs": authorization.hcpcs,
            "limit_units": authorization.limit_units,
            "limit_days": authorization.limit_days,
            "site_name": authorization.site_name,
            "site_npi": authorization.site_npi,
            "place_of_service": authorization.place_of_service,
            "rendering_name": authorization.rendering_name,
            "rendering_npi": authorization.rendering_npi,
        }

    def prepare(self) -> None:
        before = AuthorizationStatus(self.authorization.status)
        fits = [outcome for outcome in Outcome if outcome.status is before or outcome.status in MOVES[before]]
        _choose(self.fields["outcome"], [("", "Choose"), *((outcome.value, outcome.label) for outcome in fits)])

    def answer(self) -> Answer:
        """The answer as the service takes it."""
        data = {name: value for name, value in self.cleaned_data.items() if name in Answer.__dataclass_fields__}
        return Answer(**(data | {"outcome": Outcome(data["outcome"]), "hcpcs": data["hcpcs"].strip().upper()}))


class CallForm(ActForm):
    """A call with the payer."""

    person = _text("Spoke with", most=80, required=True)
    call_reference = _text("Call reference", most=40)
    text = _text("What was said", most=400, required=True, rows=3)
    next_step = _text("Next step", most=120)
    follow_up_on = _day("Next follow-up", help_text="Empty: leave it as it is.")

    def proposed(self, authorization: Authorization) -> dict[str, Any]:
        return {"next_step": authorization.next_step}


class FollowUpForm(ActForm):
    """What is done next, and by when."""

    next_step = _text("What is to be done", most=120, required=True)
    follow_up_on = _day("By", required=True)

    def proposed(self, authorization: Authorization) -> dict[str, Any]:
        return {"next_step": authorization.next_step, "follow_up_on": authorization.follow_up_on}


class AssignForm(ActForm):
    """Who owns it."""

    owner = forms.ChoiceField(label="Owner", required=False)

    def __init__(self, data: Any = None, *, authorization: Authorization, people: Iterable[User]) -> None:
        self.people = {str(person.id): person for person in people}
        super().__init__(data, authorization=authorization)

    def proposed(self, authorization: Authorization) -> dict[str, Any]:
        return {"owner": str(authorization.owner_id or "")}

    def prepare(self) -> None:
        named = [(key, person.name) for key, person in self.people.items()]
        _choose(self.fields["owner"], [("", "Nobody"), *named])

    def chosen_owner(self) -> User | None:
        return self.people.get(self.cleaned_data["owner"])


class StepForm(ActForm):
    """The next stage of a request."""

    to = forms.ChoiceField(label="It is now")
    text = _text("Note", most=500, rows=2)

    def prepare(self) -> None:
        _choose(self.fields["to"], _moves(self.authorization, STEPS))


class CloseForm(ActForm):
    """Why the work on it ends."""

    to = forms.ChoiceField(label="It is")
    reason = _text("Why", most=200, required=True, rows=2)

    def prepare(self) -> None:
        _choose(self.fields["to"], _moves(self.authorization, ENDS))


class RenewalForm(ActForm):
    """How much to ask for next time."""

    units = _number("Units to ask for", required=True)

    def proposed(self, authorization: Authorization) -> dict[str, Any]:
        return {"units": authorization.units_approved or authorization.units_requested}


class AppealForm(ActForm):
    """Contesting a denial."""

    text = _text("What the appeal says", most=500, rows=4)
    is_external = forms.BooleanField(label="To an external reviewer", required=False)

    def prepare(self) -> None:
        if self.authorization.status != AuthorizationStatus.UPHELD:
            del self.fields["is_external"]


class CoverForm(ActForm):
    """Nothing to fill in: set units aside for waiting visits."""


def _moves(authorization: Authorization, kinds: frozenset[AuthorizationStatus]) -> list[tuple[str, str]]:
    legal = MOVES[AuthorizationStatus(authorization.status)] & kinds
    return [(status.value, status.label) for status in AuthorizationStatus if status in legal]


def _choose(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 (tells the type checker what the classes say)
    field.choices = choices
