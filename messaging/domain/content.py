"""What a message may say: never a drug, a diagnosis or a treatment, and short enough for one text message."""

import re
import unicodedata
from collections.abc import Iterable

from core.errors import Reason

SMS_LENGTH = 160
FORBIDDEN_WORDS = (
    "ivig",
    "scig",
    "immunoglobulin",
    "immune globulin",
    "infusion",
    "infuse",
    "diagnosis",
    "treatment",
    "medication",
    "prescription",
    "oncology",
    "rheumatology",
    "neurology",
    "immunology",
    "amount owed",
    "balance due",
)
"""Words of any message; the caller adds the names of its drugs and indications."""
_SHORT_WORD = 4


def check_message(
    body: str, *, forbidden: Iterable[str] = FORBIDDEN_WORDS, max_length: int | None = SMS_LENGTH
) -> tuple[Reason, ...]:
    """Why a message may not be sent: each forbidden word it holds, and its length for a text message.

    A word is found inside longer ones ("infusions"); words under 4 letters only on their own.

    Source: privacy guides for appointment reminders: no treatment, drug, diagnosis (P56); 160 characters (P56b); P.
    """
    text = _plain(body)
    reasons = [
        Reason("message_reveals_health", f"The message says “{word}”. Leave out drug, diagnosis and treatment.", "body")
        for word in dict.fromkeys(forbidden)
        if _holds(text, _plain(word))
    ]
    if max_length is not None and len(body) > max_length:
        sentence = f"The message has {len(body)} characters; a text message holds {max_length}."
        reasons.append(Reason("message_too_long", sentence, "body"))
    return tuple(reasons)


def check_header(text: str) -> tuple[Reason, ...]:
    """Why a text may not stand in a mail header: a line break or another control character could add headers.

    Source: ASVS 5.0 1.3.11; confidence P.
    """
    if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in text):
        sentence = "The address or the subject holds a line break or a control character."
        return (Reason("bad_header", sentence, "subject"),)
    return ()


def _plain(text: str) -> str:
    """Folded case, look-alike forms as plain letters, no invisible characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")


def _holds(text: str, word: str) -> bool:
    if len(word) < _SHORT_WORD:
        return re.search(rf"\b{re.escape(word)}\b", text) is not None
    return word in text
