"""How long to wait after wrong passwords and codes, and what counts as one place on the internet. Pure.

The wait after a wrong password belongs to one account tried from one network: a clinic behind one address never locks
itself out by one person's typing, and nobody can lock a colleague out from elsewhere. The wait after a wrong code
belongs to the person, wherever it was typed: who gets that far knows the password.
"""

from ipaddress import ip_address, ip_network

FREE_TRIES = 3
LONGEST_WAIT_SECONDS = 15 * 60


def wait_seconds(tries: int) -> int:
    """Seconds until the next try is looked at, after `tries` wrong ones: none at first, then 1 s doubling to 15 min."""
    if tries <= FREE_TRIES:
        return 0
    return int(min(LONGEST_WAIT_SECONDS, 2 ** (tries - FREE_TRIES - 1)))


WAITS = tuple(wait_seconds(tries) for tries in range(1, FREE_TRIES + 13))
"""The wait after the first, second, … wrong try; the last one stays."""

SECOND_FACTOR_WAITS = (0, 0, 0, 0, 5 * 60, 10 * 60, LONGEST_WAIT_SECONDS)
"""The same for codes of the second factor: of a million codes, a guesser sees some hundred a day judged."""

PASSWORDS_PER_ACCOUNT = 50
"""Wrong passwords looked at in a day for one account, from all networks it was not used from before."""


def wait_sentence(seconds: int) -> str:
    """What to tell a person who has to wait so long, in seconds or whole minutes."""
    number, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"Too many wrong tries. Wait {number} {unit}{'s' if number > 1 else ''}, then try again."


def network_of(address: str) -> str:
    """The network that `address` is in: /24 of IPv4, /64 of IPv6. An address that is none is its own network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 64}", strict=False))
