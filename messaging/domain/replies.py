"""What a patient's text message back means. Opt-out words are honoured at once, whatever else they could mean.

CANCEL is one of those words, so no message may ever ask for it to cancel a visit: visits are answered with digits.
"""

import unicodedata

OPT_OUT_WORDS = frozenset({"stop", "quit", "end", "revoke", "optout", "cancel", "unsubscribe"})


def is_opt_out(reply: str) -> bool:
    """Whether a reply is exactly one of the seven opt-out words, however it is spaced, cased or punctuated.

    Source: FCC revocation words (P33); confidence P.
    """
    folded = unicodedata.normalize("NFKC", reply).casefold()
    return "".join(letter for letter in folded if letter.isalnum()) in OPT_OUT_WORDS
