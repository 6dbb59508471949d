"""What the demo and the tools call rows in the plural is English."""

import re

from django.apps import apps

from tests.house import source

ODD = re.compile(r"(ss|xs|[^aeiou]ys|chs|shs)$")
OURS = frozenset({"accounts", "audit", "authorizations", "messaging", "patients", "regimens", "scheduling"})


def test_every_kind_of_row_has_a_plural_that_reads_as_english() -> None:
    found = [
        f"{model.__name__}: {model._meta.verbose_name_plural}"
        for model in apps.get_models()
        if model._meta.app_label in OURS and ODD.search(str(model._meta.verbose_name_plural))
    ]
    source.verdict(
        found,
        rule="No “entrys” and no “hourss”.",
        why="The demo counts rows aloud while it fills the clinic.",
        fix="Set Meta.verbose_name_plural, and make the migration.",
    )
