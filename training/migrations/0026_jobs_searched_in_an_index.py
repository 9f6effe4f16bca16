"""The index of somebody's jobs carries what they are searched by; it takes the place of the one that did not."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes are made while people go on working

    dependencies = [("training", "0025_deletions")]

    operations = [
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                fields=["user", "-created_at", "-id"],
                include=[
                    *("name", "tags", "dataset", "base_model", "preset_id"),
                    *("final_cost", "final_seconds", "final_loss", "final_evaluation_loss"),
                ],
                name="job_of_user",
            ),
        ),
        RemoveIndexConcurrently(model_name="trainingjob", name="job_by_user"),
    ]
