"""Indexes by which lists and searches cost the same however many data sets there are."""

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    atomic = False  # indexes are made while people go on working

    dependencies = [
        ("datasets", "0009_token_findings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="dataset",
            options={"ordering": ["-created_at", "-id"]},
        ),
        RemoveIndexConcurrently(
            model_name="dataset",
            name="dataset_by_user",
        ),
        AddIndexConcurrently(
            model_name="dataset",
            index=models.Index(fields=["-created_at", "-id"], name="dataset_by_time"),
        ),
        AddIndexConcurrently(
            model_name="dataset",
            index=models.Index(fields=["status", "-created_at", "-id"], name="dataset_by_status"),
        ),
        AddIndexConcurrently(
            model_name="dataset",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["user", "-created_at", "-id"],
                name="dataset_by_user",
            ),
        ),
        AddIndexConcurrently(
            model_name="dataset",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["user", "status", "-created_at", "-id"],
                name="dataset_by_user_and_status",
            ),
        ),
        AddIndexConcurrently(
            model_name="dataset",
            index=models.Index(OpClass(Upper("name"), "text_pattern_ops"), name="dataset_by_name"),
        ),
        AddIndexConcurrently(
            model_name="datasetversion",
            index=models.Index(fields=["sha256"], name="dataset_version_by_sha256"),
        ),
    ]
