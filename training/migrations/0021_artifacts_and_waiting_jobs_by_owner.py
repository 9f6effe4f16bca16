import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes are made while people go on working

    dependencies = [
        ("training", "0020_owners_of_artifacts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="artifact",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        AddIndexConcurrently(
            model_name="artifact",
            index=models.Index(fields=["user"], include=["size"], name="artifact_by_user"),
        ),
        AddIndexConcurrently(
            model_name="trainingjob",
            index=models.Index(
                condition=models.Q(("status", "queued")),
                fields=["user", "queued_at", "id"],
                name="job_waiting_of_user",
            ),
        ),
    ]
