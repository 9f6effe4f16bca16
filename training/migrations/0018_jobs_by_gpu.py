"""The index by which the admin lists the jobs of a GPU type."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.expressions import OrderBy
from django.db.models.fields.json import KeyTransform


class Migration(migrations.Migration):
    atomic = False  # the index is made while people go on working

    dependencies = [("training", "0017_revisions")]

    operations = [
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                KeyTransform("type", "gpu_config"),
                OrderBy(models.F("created_at"), descending=True),
                OrderBy(models.F("id"), descending=True),
                name="job_by_gpu",
            ),
        ),
    ]
