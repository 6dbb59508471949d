"""How names are made comparable: lower case, no accents, hyphens as spaces, apostrophes left out.

The database does the same to every stored name (`Patient.search_name`), so both sides must use these letters. A change
here needs a migration that writes the column anew.
"""

_ACCENTED = "àáâãäåāăąçćčďđèéêëēęěğìíîïīįłńñňòóôõöøōőŕřśšşťţùúûüūůűýÿźżž"
_PLAIN = "aaaaaaaaacccddeeeeeeegiiiiiilnnnoooooooorrsssttuuuuuuuyyzzz"
_LEFT_OUT = "'’"
_MOST_WORDS = 4

ACCENTED_LETTERS = _ACCENTED + _ACCENTED.upper() + "-" + _LEFT_OUT
PLAIN_LETTERS = _PLAIN + _PLAIN + " "
"""The twins of `ACCENTED_LETTERS`, in order; those without a twin are dropped."""

_TWINS = str.maketrans(ACCENTED_LETTERS[: len(PLAIN_LETTERS)], PLAIN_LETTERS, _LEFT_OUT)


def name_words(text: str) -> tuple[str, ...]:
    """The words of what somebody typed, ready to compare with stored names; at most four."""
    return tuple(text.lower().translate(_TWINS).split())[:_MOST_WORDS]
