"""Jobs say when their curves and logs went, and those that still have some are found at once."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False  # indexes are made while people go on working

    dependencies = [("training", "0015_tallies")]

    operations = [
        migrations.AddField(
            "trainingjob",
            "curves_removed_at",
            models.DateTimeField(blank=True, help_text="When its age cost it its curves.", null=True),
        ),
        migrations.AddField(
            "trainingjob",
            "log_removed_at",
            models.DateTimeField(blank=True, help_text="When its age cost it its log.", null=True),
        ),
        AddIndexConcurrently(
            "trainingjob",
            models.Index(
                fields=["finished_at"],
                name="job_with_curves",
                condition=Q(finished_at__isnull=False, curves_removed_at__isnull=True),
            ),
        ),
        AddIndexConcurrently(
            "trainingjob",
            models.Index(
                fields=["finished_at"],
                name="job_with_log",
                condition=Q(finished_at__isnull=False, log_removed_at__isnull=True),
            ),
        ),
    ]
