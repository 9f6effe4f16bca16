"""Indexes by which lists, queues and look-ups cost the same after years; those that nothing uses go."""

import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes are made while people go on working

    dependencies = [
        ("datasets", "0009_token_findings"),
        ("training", "0013_norms_of_base_models"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        RemoveIndexConcurrently(
            model_name="jobevent",
            name="event_by_move",
        ),
        RemoveIndexConcurrently(
            model_name="runmeasurement",
            name="measurement_by_hardware",
        ),
        RemoveIndexConcurrently(
            model_name="trainingjob",
            name="job_by_user",
        ),
        RemoveIndexConcurrently(
            model_name="trainingjob",
            name="job_by_status",
        ),
        AddIndexConcurrently(
            model_name="artifact",
            index=models.Index(fields=["-created_at", "-id"], name="artifact_by_time"),
        ),
        AddIndexConcurrently(
            model_name="jobevent",
            index=models.Index(fields=["-created_at", "-id"], name="event_by_time"),
        ),
        AddIndexConcurrently(
            model_name="runmeasurement",
            index=models.Index(fields=["-created_at", "-id"], name="measurement_by_time"),
        ),
        AddIndexConcurrently(
            model_name="runmeasurement",
            index=models.Index(fields=["hardware", "-created_at", "-id"], name="measurement_by_hardware"),
        ),
        AddIndexConcurrently(
            model_name="runmeasurement",
            index=models.Index(
                condition=models.Q(
                    models.Q(("device", "cuda"), ("hardware", models.F("gpu_type"))),
                    ("is_whole", True),
                    ("predicted_hours__isnull", False),
                ),
                fields=["-created_at", "-id"],
                name="measurement_comparable",
            ),
        ),
        AddIndexConcurrently(
            model_name="runmeasurement",
            index=models.Index(
                condition=models.Q(
                    models.Q(("device", "cuda"), ("hardware", models.F("gpu_type")), _negated=True), ("is_whole", True)
                ),
                fields=["job"],
                name="measurement_elsewhere",
            ),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(fields=["-created_at", "-id"], name="job_by_time"),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(fields=["user", "-created_at", "-id"], name="job_by_user"),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(fields=["user", "status", "-created_at", "-id"], name="job_by_user_and_status"),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(fields=["status", "-created_at", "-id"], name="job_by_status_and_time"),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)), fields=["finished_at"], name="job_by_finish"
            ),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                condition=models.Q(("status__in", ("initializing", "running"))), fields=["worker"], name="job_claimed"
            ),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                condition=models.Q(("status", "queued")), fields=["queued_at", "id"], name="job_waiting"
            ),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                django.db.models.fields.json.KeyTransform("type", "gpu_config"),
                models.F("queued_at"),
                models.F("id"),
                condition=models.Q(("status", "queued")),
                include=("gpu_config", "estimated_total_cost", "hourly_rate"),
                name="job_waiting_for_gpu",
            ),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                django.db.models.fields.json.KeyTransform("type", "gpu_config"),
                models.OrderBy(models.F("nudged_at"), nulls_first=True),
                condition=models.Q(("status", "queued")),
                name="job_unannounced",
            ),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                django.db.models.fields.json.KeyTransform("type", "gpu_config"),
                django.db.models.functions.comparison.Greatest("queued_at", "available_at"),
                condition=models.Q(("status", "queued")),
                name="job_could_start_since",
            ),
        ),
        migrations.AlterField(
            model_name="artifact",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="artifacts",
                to="training.trainingjob",
            ),
        ),
        migrations.AlterField(
            model_name="datafit",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fits",
                to="datasets.datasetversion",
            ),
        ),
        migrations.AlterField(
            model_name="joblog",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="log",
                to="training.trainingjob",
            ),
        ),
        migrations.AlterField(
            model_name="jobmetric",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="metrics",
                to="training.trainingjob",
            ),
        ),
        migrations.AlterField(
            model_name="runmeasurement",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True),
        ),
        migrations.AlterField(
            model_name="trainingjob",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="training_jobs",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
