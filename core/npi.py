"""National Provider Identifiers: the number by which payers in the United States name a clinician or a facility."""

PREFIX = "80840"  # of US health identifiers; part of the check digit's sum
DIGITS = 10


def is_npi(text: str) -> bool:
    """Whether a text is a National Provider Identifier: ten digits, the last by Luhn's rule over 80840 and the rest.

    Source: CMS NPI check digit rule, ISO 7812; confidence P.
    """
    if len(text) != DIGITS or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in reversed(PREFIX + text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def why_no_npi(text: str) -> str:
    """Why `text` is no National Provider Identifier, in a sentence; empty when it is one or nothing was written."""
    if not text or is_npi(text):
        return ""
    return (
        f"“{text[:12]}” is not a National Provider Identifier: ten digits of which the last is a check digit. "
        "Look for two that were swapped."
    )
