"""What messages say in English.

Rules, held by tests: no drug, diagnosis or treatment; the clinic by its neutral public name; text messages in plain
ASCII, at most 160 characters with the longest values that `messaging.wordings.SMS_LENGTHS` allows. `{clinic}`,
`{phone}` and `{name}` are always there; everything else comes from whoever writes the message.
"""

from messaging.domain.wording import Wording

_SIGNATURE = "\n\nQuestions? Call {clinic}: {phone}\nPlease do not answer this e-mail; nobody reads it.\n"

WORDINGS: dict[str, Wording] = {
    "visit.booked": Wording(
        subject="Your visit on {short_day}",
        email="Hello {name},\n\nyour visit at {clinic} is booked for {day} at {time}.\n\n"
        "See all your visits: {link}" + _SIGNATURE,
        sms="{clinic}: your visit is booked for {short_day}, {time}. Questions: {phone}. Reply STOP to end texts.",
    ),
    "visit.reminder": Wording(
        subject="Your visit on {short_day}",
        email="Hello {name},\n\nthis is a reminder of your visit at {clinic} on {day} at {time}.\n\n"
        "If you can't come, please tell us soon: {link}" + _SIGNATURE,
        sms="{clinic}: reminder of your visit on {short_day}, {time}. Questions: {phone}. Reply STOP to end texts.",
    ),
    "visit.reminder.confirm": Wording(
        subject="Please confirm your visit on {short_day}",
        email="Hello {name},\n\nyour visit at {clinic} is on {day} at {time}. Please confirm that you will come, "
        "or tell us that you can't: {link}" + _SIGNATURE,
        sms="{clinic}: visit on {short_day}, {time}. Please confirm: {link} Reply STOP to end texts.",
    ),
    "visit.moved": Wording(
        subject="Your visit has a new time: {short_day}",
        email="Hello {name},\n\nyour visit at {clinic} has a new time. It is now on {day} at {time}.\n\n"
        "See all your visits: {link}" + _SIGNATURE,
        sms="{clinic}: your visit is now on {short_day}, {time}. Questions: {phone}. Reply STOP to end texts.",
    ),
    "visit.cancelled": Wording(
        subject="Your visit on {short_day} is cancelled",
        email="Hello {name},\n\nyour visit at {clinic} on {day} at {time} is cancelled; you need not come.\n\n"
        "If this surprises you, please call us." + _SIGNATURE,
        sms="{clinic}: your visit on {short_day}, {time} is cancelled. Questions: {phone}. Reply STOP to end texts.",
    ),
    "visits.booked": Wording(
        subject="Your {count} visits from {short_day} on",
        email="Hello {name},\n\n{count} visits at {clinic} are booked for you:\n\n{dates}\n\n"
        "See all your visits: {link}" + _SIGNATURE,
        sms="{clinic}: {count} visits are booked, first {short_day}, {time}. Questions: {phone}. "
        "Reply STOP to end texts.",
    ),
    "visits.moved": Wording(
        subject="{count} visits have new times",
        email="Hello {name},\n\n{count} of your visits at {clinic} have new times. They are now:\n\n{dates}\n\n"
        "See all your visits: {link}" + _SIGNATURE,
        sms="{clinic}: {count} visits moved, first now {short_day}, {time}. Questions: {phone}. "
        "Reply STOP to end texts.",
    ),
    "visits.cancelled": Wording(
        subject="{count} visits are cancelled",
        email="Hello {name},\n\nthese visits at {clinic} are cancelled; you need not come:\n\n{dates}\n\n"
        "If this surprises you, please call us." + _SIGNATURE,
        sms="{clinic}: {count} visits from {short_day} on are cancelled. Questions: {phone}. Reply STOP to end texts.",
    ),
    "visits.changed": Wording(
        subject="{count} of your visits changed",
        email="Hello {name},\n\n{count} of your visits at {clinic} changed:\n\n{changes}\n\n"
        "We are sorry for the trouble. If a new time does not suit you, please call us.\n\n"
        "See all your visits: {link}" + _SIGNATURE,
        sms="{clinic}: {count} of your visits changed. See them: {link} Reply STOP to end texts.",
    ),
    "request.answered": Wording(
        subject="We answered your request",
        email="Hello {name},\n\nwe answered your request about the visit on {day}. Please sign in to read it: {link}"
        + _SIGNATURE,
        sms="{clinic}: we answered your request. Read it: {link} Reply STOP to end texts.",
    ),
    "offer.made": Wording(
        subject="A place is free on {short_day}",
        email="Hello {name},\n\nwe can offer you a place at {clinic} on {day} at {time}. "
        "Would you like it? Please answer by {until}: {link}\n\n"
        "After that we ask somebody else. A visit that you have stays as it is unless you say yes." + _SIGNATURE,
        sms="{clinic}: we can offer you {short_day}, {time}. Please answer: {link} Reply STOP to end texts.",
    ),
    "sign_in.code": Wording(
        subject="Your sign-in code",
        email="Hello {name},\n\nyour code for signing in at {clinic} is\n\n    {code}\n\n"
        "It works once, for {minutes} minutes. We never ask for it by telephone.\n\n"
        "Did you not ask for a code? Then somebody typed your address by mistake, and you need do nothing."
        + _SIGNATURE,
        sms="{clinic}: {code} is your sign-in code for {minutes} minutes. We never ask for it by telephone.",
        secrets=frozenset({"code"}),
    ),
    "authorization.clock_passed": Wording(
        subject="Payer's time is up: authorization {reference}",
        email="Hello {name},\n\nthe payer should have answered authorization {reference} by {due}, and has not. "
        "Call them, or complain.\n\n{link}\n",
        sms="{clinic}: a payer's time to answer is up. Sign in and look at your authorizations.",
    ),
    "authorization.follow_up_due": Wording(
        subject="Follow-up due: authorization {reference}",
        email="Hello {name},\n\na follow-up of authorization {reference} is due on {due}.\n\n{link}\n",
        sms="{clinic}: a follow-up is due. Sign in and look at your authorizations.",
    ),
    "authorization.expiring": Wording(
        subject="Renew soon: authorization {reference}",
        email="Hello {name},\n\nauthorization {reference} ends on {due} and its renewal is not under way. "
        "Start it now.\n\n{link}\n",
        sms="{clinic}: an authorization ends soon. Sign in and look at your authorizations.",
    ),
    "authorization.units_short": Wording(
        subject="Units short: authorization {reference}",
        email="Hello {name},\n\nauthorization {reference} has too few units left for the visit on {due}. "
        "Ask the payer for more before that day.\n\n{link}\n",
        sms="{clinic}: an authorization has too few units. Sign in and look at your authorizations.",
    ),
}
