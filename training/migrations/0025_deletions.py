import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0024_jobs_by_outcome"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="idempotencykey",
            name="job",
            field=models.ForeignKey(
                help_text="Empty: it was deleted.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="training.trainingjob",
            ),
        ),
        migrations.AlterField(
            model_name="runmeasurement",
            name="job",
            field=models.OneToOneField(
                help_text="Empty: it was deleted.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="measurement",
                to="training.trainingjob",
            ),
        ),
        migrations.CreateModel(
            name="JobDeletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job_id", models.UUIDField(unique=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="deleted at"
                    ),
                ),
                ("actor", models.CharField(help_text="Who deleted it.", max_length=150)),
                ("title", models.CharField(max_length=300)),
                ("status", models.CharField(max_length=16)),
                ("gpu_config", models.JSONField()),
                ("cost", models.DecimalField(decimal_places=4, help_text="US dollars.", max_digits=20)),
                ("job_created_at", models.DateTimeField()),
                ("job_started_at", models.DateTimeField(null=True)),
                ("job_finished_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Whose it was.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "lora_job_deletions",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="deletion_by_time"),
                    models.Index(fields=["user", "-created_at", "-id"], name="deletion_by_user"),
                ],
            },
        ),
    ]
