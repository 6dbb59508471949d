from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_prescribers_are_staff")]
    operations = [
        migrations.AddField(
            model_name="clinic",
            name="emergency_number",
            field=models.CharField(
                default="911", help_text="What a patient calls in an emergency, where the clinic is.", max_length=16
            ),
        ),
    ]
