"""Filling a wording: fixed names in braces are replaced once, by plain text. There is no template language to break.

`{first}` is a placeholder; ``{first.x}``, ``{{ first }}``, ``{0}`` and ``%s`` are just letters. A value is never read
again, so braces in a name stay braces.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*)\}")


class MissingParameterError(KeyError):
    """A placeholder of the wording was given no value."""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What one kind of message says by e-mail and by text message, in one language.

    `secrets` names the values that nobody but the recipient may read, such as a sign-in code.
    """

    subject: str
    email: str
    sms: str
    secrets: frozenset[str] = frozenset()

    @property
    def placeholders(self) -> frozenset[str]:
        """Every name that any of the three texts asks for."""
        return frozenset(_PLACEHOLDER.findall(f"{self.subject}{self.email}{self.sms}"))


def fill(text: str, values: Mapping[str, object]) -> str:
    """`text` with each placeholder replaced by its value. Raises `MissingParameterError`."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise MissingParameterError(name)
        return str(values[name])

    return _PLACEHOLDER.sub(value_of, text)
