"""Refusals: what a service raises when a rule says no, with words fit for a person and a code fit for a program.

Pages show the sentence, the API turns it into problem+json. Anything else that is raised is a bug.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field  # `Reason.field` hides the plain name


@dataclass(frozen=True)
class Reason:
    """One reason why something may not be done.

    `code` names the rule; `sentence` says what, who, when and a way out; `field` is the input at fault, if one is;
    `is_hard` is False where a person with permission may go ahead by giving a reason of their own.
    """

    code: str
    sentence: str
    field: str | None = None
    is_hard: bool = True
    facts: dict[str, str] = dataclass_field(default_factory=dict, compare=False)


class Refusal(Exception):
    """A rule said no. Nothing was changed."""

    status = 422
    title = "Not possible"

    def __init__(self, code: str, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.reasons: tuple[Reason, ...] = (Reason(code, sentence, field),)

    @classmethod
    def of(cls, reasons: Sequence[Reason]) -> "Refusal":
        """A refusal for several reasons at once, the first of them in its title sentence."""
        refusal = cls(reasons[0].code, reasons[0].sentence, field=reasons[0].field)
        refusal.reasons = tuple(reasons)
        return refusal

    @property
    def code(self) -> str:
        return self.reasons[0].code

    @property
    def sentence(self) -> str:
        return " ".join(reason.sentence for reason in self.reasons)

    def __str__(self) -> str:
        return self.sentence


class BadInput(Refusal):
    """The input makes no sense; `field` says which."""

    status = 400
    title = "Please check what you entered"


class NotFound(Refusal):
    """There is no such thing here, or it is not yours to know."""

    status = 404
    title = "Not found"

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"There is no such {what} here.")


class NotAllowed(Refusal):
    """The actor lacks the permission."""

    status = 403
    title = "Not allowed"


class Conflict(Refusal):
    """Somebody or something else has the place, the patient or the units."""

    status = 409
    title = "Taken"


class NeedsReason(Conflict):
    """Only soft rules stand in the way: it may be done by a person with permission who gives a reason."""

    title = "Needs a reason"


class Stale(Refusal):
    """The thing changed after it was read."""

    status = 412
    title = "Changed meanwhile"


class Busy(Refusal):
    """A lock was not free in time; trying again is safe."""

    status = 503
    title = "Busy, try again"
