"""How each kind of message is treated on its way: at night, without consent, and when nobody knows whether it left."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The treatment of one kind of message.

    - `waits_for_day`: it respects quiet hours.
    - `needs_consent`: a patient must still agree to the channel, and their present address is used.
    - `may_repeat`: when it is unknown whether it left and the provider cannot tell, a second copy is the lesser evil.
      Where it is not, a person decides.
    """

    label: str
    waits_for_day: bool = True
    needs_consent: bool = True
    may_repeat: bool = True


KINDS: dict[str, Kind] = {
    "visit.booked": Kind(label="Visit booked"),
    "visit.reminder": Kind(label="Reminder"),
    "visit.moved": Kind(label="Visit moved"),
    "visit.cancelled": Kind(label="Visit cancelled"),
    "visits.changed": Kind(label="Visits changed"),
    "request.answered": Kind(label="Request answered"),
    "offer.made": Kind(label="Place offered"),
    "authorization.clock_passed": Kind(label="Payer's time is up", needs_consent=False),
    "authorization.follow_up_due": Kind(label="Follow-up due", needs_consent=False),
    "authorization.expiring": Kind(label="Authorization expiring", needs_consent=False),
    "authorization.units_short": Kind(label="Units short", needs_consent=False),
    "sign_in.code": Kind(label="Sign-in code", waits_for_day=False, needs_consent=False, may_repeat=False),
}


def kind_of(name: str) -> Kind:
    """The treatment of `name`; a kind that is not listed goes to the address it was written with, by day."""
    return KINDS.get(name) or Kind(label=name.replace(".", " ").replace("_", " ").capitalize(), needs_consent=False)
