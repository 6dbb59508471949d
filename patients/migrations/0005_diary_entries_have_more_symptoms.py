from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0004_one_vocabulary_of_risks")]
    operations = [
        migrations.AddField(
            model_name="diaryentry",
            name="more_symptoms",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name="diaryentry",
            name="symptom",
            field=models.CharField(
                help_text="What troubles most: a red flag, else what was ticked first.", max_length=40
            ),
        ),
    ]
