"""How long to wait after wrong passwords, and what counts as one place on the internet. Pure.

The wait belongs to one account tried from one network: a clinic behind one address never locks itself out by one
person's typing, and nobody can lock a colleague out from elsewhere.
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


def network_of(address: str) -> str:
    """The network that `address` is in: /24 of IPv4, /64 of IPv6. An address that is none is its own network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 64}", strict=False))
