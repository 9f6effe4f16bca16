import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0021_artifacts_and_waiting_jobs_by_owner"),
    ]

    operations = [
        migrations.AddField(
            model_name="trainingjob",
            name="name",
            field=models.CharField(blank=True, help_text="Empty: see its title.", max_length=200),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="note",
            field=models.TextField(blank=True, max_length=2000),
        ),
        migrations.AddField(
            model_name="trainingjob",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, default=list, size=10
            ),
        ),
    ]
