from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0008_vital_signs_are_kept")]

    operations = [
        migrations.AlterModelOptions(name="clinicrules", options={"verbose_name_plural": "clinic rules"}),
        migrations.AlterModelOptions(
            name="waitlistentry", options={"ordering": ["created_at"], "verbose_name_plural": "waitlist entries"}
        ),
    ]
