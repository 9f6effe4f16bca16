from math import inf

from django.db import migrations, models

OF_ENDED_JOBS = """
UPDATE lora_training_jobs SET
    final_cost = current_cost,
    final_seconds = COALESCE(EXTRACT(EPOCH FROM finished_at - started_at), 0),
    final_loss = COALESCE((current_metrics ->> 'loss')::float8, 'Infinity'),
    final_evaluation_loss = COALESCE((current_metrics ->> 'evaluation_loss')::float8, 'Infinity')
WHERE finished_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("training", "0022_names_tags_and_notes")]

    operations = [
        migrations.AddField(
            model_name="trainingjob",
            name="final_cost",
            field=models.DecimalField(decimal_places=4, default=0, help_text="US dollars.", max_digits=20),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="final_seconds",
            field=models.FloatField(default=0.0, help_text="From its first start to its end."),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="final_loss",
            field=models.FloatField(default=inf),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="final_evaluation_loss",
            field=models.FloatField(default=inf),
        ),
        migrations.RunSQL(OF_ENDED_JOBS, migrations.RunSQL.noop),
    ]
