"""An override of the gate speaks for one sentence: a fact that gets worse may be overridden anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_visits_given_have_administrations")]

    operations = [
        migrations.RemoveConstraint(model_name="clearanceoverride", name="clearance_override_once"),
        migrations.AddConstraint(
            model_name="clearanceoverride",
            constraint=models.UniqueConstraint(
                fields=("visit", "code", "service_on", "sentence"), name="clearance_override_once"
            ),
        ),
    ]
