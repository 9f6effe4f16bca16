from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0005_remove_files")]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="tries",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Validations that were begun since somebody asked for one."
            ),
        ),
    ]
