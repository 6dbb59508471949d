"""Stored risk codes take the names that the rules use."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NEW_NAMES = {
    "renal_impairment": "renal_insufficiency",
    "prior_clot": "prior_thrombosis",
    "central_line": "central_catheter",
}


def rename(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write the new names."""
    _rename(apps, NEW_NAMES)


def rename_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write the old names again."""
    _rename(apps, {new: old for old, new in NEW_NAMES.items()})


def _rename(apps: Apps, names: dict[str, str]) -> None:
    flags = apps.get_model("patients", "RiskFlag").objects
    for old, new in names.items():
        flags.filter(code=old).update(code=new)


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_consent_and_diary")]
    operations = [migrations.RunPython(rename, rename_back)]
