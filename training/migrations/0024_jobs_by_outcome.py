"""The indexes by which somebody's jobs are listed in the order of what came of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEXES = {
    "job_by_cost": "final_cost",
    "job_by_duration": "final_seconds",
    "job_by_loss": "final_loss",
    "job_by_evaluation_loss": "final_evaluation_loss",
}


class Migration(migrations.Migration):
    atomic = False  # indexes are made while people go on working

    dependencies = [("training", "0023_outcomes")]

    operations = [
        AddIndexConcurrently(model_name="trainingjob", index=models.Index(fields=["user", column, "id"], name=name))
        for name, column in INDEXES.items()
    ]
