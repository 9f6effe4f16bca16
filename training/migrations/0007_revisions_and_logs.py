"""A hub model's revision, kept with each job; and a job's log in rows of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0006_base_models")]

    operations = [
        migrations.AddField(
            model_name="basemodel",
            name="revision",
            field=models.CharField(
                blank=True,
                help_text=(
                    "Of a model on the hub: a commit, a tag or a branch. Empty: what the hub has as its main branch."
                ),
                max_length=120,
            ),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="base_model_revision",
            field=models.CharField(
                blank=True,
                help_text="Of the base model on the hub: the catalogue's, and once it was fetched, its commit.",
                max_length=120,
            ),
        ),
        migrations.CreateModel(
            name="JobLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("lines", models.PositiveIntegerField()),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="log", to="training.trainingjob"
                    ),
                ),
            ],
            options={
                "db_table": "lora_job_logs",
                "ordering": ["id"],
                "indexes": [models.Index(fields=["job", "id"], name="log_by_job")],
            },
        ),
    ]
