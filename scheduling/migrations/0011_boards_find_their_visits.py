# The boards of a day look their visits up by clinic and time whatever their status; outages mostly lie in the past.

import django.contrib.postgres.indexes
import scheduling.domain.statuses
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_names_in_the_plural"),
        ("authorizations", "0003_names_in_the_plural"),
        ("patients", "0006_names_in_the_plural"),
        ("regimens", "0008_a_draft_may_wait_for_its_signature"),
        ("scheduling", "0010_rules_have_pages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="chairoutage",
            name="chair_outage_by_day",
        ),
        migrations.AddIndex(
            model_name="chairoutage",
            index=models.Index(fields=["clinic", "ends_at"], name="chair_outage_by_end"),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=django.contrib.postgres.indexes.GistIndex(
                condition=models.Q(("status", scheduling.domain.statuses.VisitStatus["CANCELLED"]), _negated=True),
                fields=["clinic", "period"],
                name="visit_by_day",
            ),
        ),
    ]
