from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0007_formats")]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="merge_turns",
            field=models.BooleanField(default=False, help_text="Consecutive turns of one speaker are joined."),
        ),
        migrations.AddField(
            model_name="dataset",
            name="fold_system",
            field=models.BooleanField(
                default=True,
                help_text="A system message that a model's template refuses is put before the first user's words.",
            ),
        ),
        migrations.AlterField(
            model_name="dataset",
            name="tool_calls",
            field=models.CharField(
                choices=[("ignore", "Left out"), ("train", "Trained on")], default="train", max_length=8
            ),
        ),
    ]
