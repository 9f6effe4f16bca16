import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OWNERS = """
UPDATE lora_artifacts SET user_id = lora_training_jobs.user_id
FROM lora_training_jobs WHERE lora_training_jobs.id = lora_artifacts.job_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0019_where_base_models_lie"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(OWNERS, migrations.RunSQL.noop),
    ]
