"""A renewal is drafted before anybody signed it; what is accepted has been signed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("regimens", "0007_enrolments_name_a_programme_by_code")]

    operations = [
        migrations.AlterField(
            model_name="treatmentorder",
            name="signed_on",
            field=models.DateField(blank=True, help_text="Only a draft may wait for its signature.", null=True),
        ),
        migrations.AddConstraint(
            model_name="treatmentorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "draft"), ("signed_on__isnull", False), _connector="OR"),
                name="order_active_is_signed",
            ),
        ),
    ]
