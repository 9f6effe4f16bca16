"""What may be entered as a base model's source; in words alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0018_jobs_by_gpu")]

    operations = [
        migrations.AlterField(
            model_name="basemodel",
            name="source",
            field=models.CharField(
                help_text=(
                    "A folder in the models directory, a path in one of PIPELINE_MODEL_ROOTS, or a Hugging Face id."
                ),
                max_length=255,
            ),
        ),
    ]
