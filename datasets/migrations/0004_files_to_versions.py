"""Every file that there is becomes its data set's first version."""

from typing import Any

from django.db import migrations

AS_READ_SO_FAR = {
    "container": "jsonl", "shape": "openai_chat", "compression": "", "delimiter": ",", "mapping": {},
    "tool_calls": "ignore",
}  # fmt: skip


def move(apps: Any, _: Any) -> None:
    versions = apps.get_model("datasets", "DatasetVersion").objects
    for dataset in apps.get_model("datasets", "Dataset").objects.iterator():
        dataset.version = versions.create(
            dataset=dataset,
            number=1,
            file=dataset.file.name,
            file_name=dataset.file_name,
            file_size=dataset.file_size,
            options=AS_READ_SO_FAR,
            columns=["messages"],
            total_conversations=dataset.total_conversations,
            total_training_pairs=dataset.total_training_pairs,
            total_tokens=dataset.total_tokens,
        )
        dataset.save(update_fields=["version"])


class Migration(migrations.Migration):
    dependencies = [("datasets", "0003_versions")]

    operations = [migrations.RunPython(move)]
