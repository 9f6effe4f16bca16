"""Whether another version is read from a file that is to go is found at once, however many versions there are."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while people go on working

    dependencies = [("datasets", "0010_indexes_for_long_lists")]

    operations = [
        AddIndexConcurrently("datasetversion", models.Index(fields=["file"], name="dataset_version_by_file")),
    ]
