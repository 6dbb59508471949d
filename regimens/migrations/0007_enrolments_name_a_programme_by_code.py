"""Enrolments in safety programmes keep the programme's code; words that name no programme stay, and open nothing."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CODES = {
    "touch": "touch",
    "touch (tysabri)": "touch",
    "touch prescribing program (tysabri)": "touch",
    "touch prescribing programme": "touch",
    "touch (tysabri); separate rems for tyruko (k)": "touch",
    "tyruko": "tyruko",
    "tyruko rems": "tyruko",
    "ultomiris and soliris rems": "ultomiris_soliris",
    "eculizumab rems": "eculizumab",
}


def code(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001
    for enrolment in apps.get_model("regimens", "SafetyEnrolment").objects.all():
        known = CODES.get(enrolment.programme.strip().casefold())
        if known is not None:
            enrolment.programme = known
            enrolment.save(update_fields=["programme"])


class Migration(migrations.Migration):
    dependencies = [("regimens", "0006_a_course_may_be_dropped")]

    operations = [migrations.RunPython(code, migrations.RunPython.noop)]
