"""Every address is public for a stated reason or needs a permission; nothing is open by oversight."""

from accounts.domain.policy import Permission
from tests.house import source
from tests.house.addresses import addresses
from tests.house.public import ALLAUTH


def test_every_address_is_public_for_a_reason_or_needs_a_permission() -> None:
    found = [
        f"/{address.route} ({address.name or 'no name'})"
        for address in addresses()
        if not address.public_reason and address.permission() not in set(Permission) and address.name not in ALLAUTH
    ]
    source.verdict(
        found,
        rule="Every address is public for a stated reason or needs a permission of accounts.domain.policy.",
        why="Missing checks, one page at a time, are how health records leaked elsewhere.",
        fix='Put `@requires(Permission.…)` or `@public("why")` on the view; review an address of allauth in '
        "tests/house/public.py.",
    )


def test_no_address_is_both_public_and_guarded() -> None:
    found = [f"/{address.route}" for address in addresses() if address.public_reason and address.permission()]
    source.verdict(
        found,
        rule="An address is public or guarded, not both.",
        why="One of the two marks is a lie.",
        fix="Take one away.",
    )


def test_the_reviewed_list_names_only_addresses_that_exist() -> None:
    known = {address.name for address in addresses()}
    source.verdict(
        sorted(ALLAUTH.keys() - known),
        rule="tests/house/public.py lists only addresses that exist.",
        why="A stale line would let a later address of that name in unreviewed.",
        fix="Take the line out.",
    )


def test_addresses_hold_only_opaque_ids_and_dates() -> None:
    allowed = {"on", "key", "uidb36", "name", "code", "product", "indication", "field", "phase"}
    found = [
        f"/{address.route}: {name}"
        for address in addresses()
        for name in address.parameters
        if not name.endswith("_id") and name not in allowed
    ]
    source.verdict(
        found,
        rule="Addresses carry opaque ids and dates, no names and no numbers of people.",
        why="Addresses end up in logs, histories and other people's screens.",
        fix="Use the row's UUID and call the parameter <what>_id.",
    )
