from django.db import migrations, models

import datasets.models.dataset


class Migration(migrations.Migration):
    dependencies = [("datasets", "0006_tries")]

    operations = [
        migrations.AlterField(
            model_name="dataset",
            name="format",
            field=models.CharField(choices=datasets.models.dataset.formats, default="openai_chat", max_length=32),
        ),
    ]
