"""Telephone numbers as a gateway wants them. A number that is not plainly one is refused, never guessed at."""

import re

_ALLOWED = re.compile(r"\+?[0-9 ().\-/]{7,32}")
_SHORTEST, _LONGEST = 8, 15


def phone_number(text: str) -> str | None:
    """The number in E.164 (``+13125550142``), or None when it is not one a text message can go to.

    Ten digits are taken for a number of the North American plan. Source: ITU-T E.164, NANP; confidence P.
    """
    if not _ALLOWED.fullmatch(text.strip()):
        return None
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+"):
        return f"+{digits}" if _SHORTEST <= len(digits) <= _LONGEST and digits[0] != "0" else None
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return f"+1{digits}" if len(digits) == 10 and digits[0] in "23456789" else None
