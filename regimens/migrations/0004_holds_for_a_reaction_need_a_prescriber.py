"""An order keeps that it is on hold for a reaction; those on hold for one that is still open do."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

HOLDING = 3


def mark(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001
    order, reaction = apps.get_model("regimens", "TreatmentOrder"), apps.get_model("regimens", "Reaction")
    grave = reaction.objects.filter(grade__gte=HOLDING, released_at__isnull=True).values("order_id")
    order.objects.filter(status="on_hold", pk__in=grave).update(needs_prescriber=True)


class Migration(migrations.Migration):
    dependencies = [("regimens", "0003_what_medicine_needs")]

    operations = [
        migrations.AddField(
            model_name="treatmentorder",
            name="needs_prescriber",
            field=models.BooleanField(
                default=False,
                help_text="On hold for a reaction: only a prescriber lets it go on, even if that was a mistake.",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
