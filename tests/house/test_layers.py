"""What belongs in which layer (docs/architecture.md)."""

import ast

from tests.house import source

OUTSIDE = ("django", "celery", "rest_framework", "redis", "psycopg", "pgtrigger", "core.clock", "allauth", "requests")


def test_views_tasks_and_endpoints_never_touch_objects() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in source.python()
        if source.is_adapter(path)
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    source.verdict(
        found,
        rule="Views, tasks and endpoints never touch `.objects`.",
        why="A query in a view can forget the clinic, and nobody looks for it there.",
        fix="Read through the app's `queries`, write through its `services`.",
    )


def test_domain_rules_import_no_framework_and_no_clock() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path in source.python()
        if "domain" in path.parts
        for line, name in source.imports(path)
        if any(name == outside or name.startswith(f"{outside}.") for outside in OUTSIDE)
    ]
    source.verdict(
        found,
        rule="`domain` imports no framework and no clock.",
        why="Pure rules can be read, tested and trusted without a database or a time of day.",
        fix="Take `now`, `today` and plain values as arguments; let a service gather them.",
    )


def test_domain_rules_do_not_ask_what_time_it_is() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in source.python()
        if "domain" in path.parts
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"} and _is_called(path, node)
    ]
    source.verdict(
        found,
        rule="`domain` never asks for the current time.",
        why="A rule that looks at the clock gives another answer tomorrow for the same input.",
        fix="Take `now` or `today` as an argument.",
    )


def test_services_never_import_tasks() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path in source.python()
        if "services" in path.parts
        for line, name in source.imports(path)
        if name.endswith(".tasks") or ".tasks." in name
    ]
    source.verdict(
        found,
        rule="Services never import tasks.",
        why="A task sent before commit may run on what was never saved; a crash after commit loses it.",
        fix="Write an outbox row in the same transaction (`messaging.services.outbox.enqueue`); a worker finds it.",
    )


def test_nothing_is_sent_to_celery_with_a_date() -> None:
    found = [
        f"{path}:{node.lineno} {keyword.arg}="
        for path in source.python()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in {"eta", "countdown"}
    ]
    source.verdict(
        found,
        rule="No `eta` and no `countdown`.",
        why="Redis hands a waiting task out again and again; reminders were doubled without any fault.",
        fix="Store when it is due, and let the tick find it (docs/adr).",
    )


def test_only_services_and_adapters_change_a_row_by_saving_it() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in source.python()
        if path.stem in {"models", "presenters"} or "presenters" in path.parts or "serializers" in path.parts
        for node in source.functions(path)
        if node.name in {"save", "delete", "create", "update"}
    ]
    source.verdict(
        found,
        rule="No logic in `save()`, `delete()`, serializers or presenters.",
        why="A rule hidden there is skipped by every other way to write the row.",
        fix="Move it to a service, or to a constraint if it must always hold.",
    )


def test_nobody_listens_to_signals() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path in source.python()
        for line, name in source.imports(path)
        if name.startswith("django.db.models.signals") or name == "django.dispatch.receiver"
    ]
    source.verdict(
        found,
        rule="No model signals.",
        why="They make something happen where nobody reading the code can see it.",
        fix="Call the next step from the service.",
    )


def test_each_read_of_a_clinics_rows_names_the_clinic_or_the_patient() -> None:
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path in source.python()
        if "queries" in path.parts or path.stem == "queries"
        for node in source.functions(path)
        if "for_clinic" not in (body := ast.unparse(node))
        and ".objects" in body
        and not any(word in body for word in SCOPES)
        and not {str(path), f"{path}:{node.name}"} & UNSCOPED.keys()
    ]
    source.verdict(
        found,
        rule="Every query is scoped by clinic, patient, organization or person.",
        why="A missing ownership check is how one clinic reads another's patients.",
        fix="Filter by the clinic (`for_clinic`), or add it to UNSCOPED in this file with a reason.",
    )


SCOPES = ("clinic", "patient", "organization", "user=", "order=", "order_id", "authorization=", "visit=")
UNSCOPED = {
    "accounts/queries.py:user_by_email": "signing in: the clinic is not known yet",
    "regimens/queries/catalogue.py": "the drug catalogue belongs to everybody",
    "regimens/queries/catalogue_pages.py:product_of": "the drug catalogue belongs to everybody",
    "regimens/queries/catalogue_pages.py:indication_of": "the drug catalogue belongs to everybody",
    "scheduling/queries/gate_facts.py:_days_of_course": "counts days of the course of a visit that was found already",
    "scheduling/portal/queries.py:_ready": "adds requests to visits that were found through the patient's id",
}


def _is_called(path: object, attribute: ast.Attribute) -> bool:
    owner = attribute.value
    return isinstance(owner, ast.Name) and owner.id in {"datetime", "date", "dt", "time", "timezone", "clock"}
