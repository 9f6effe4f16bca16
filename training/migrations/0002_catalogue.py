"""The specification's GPU types (section FR-3.1 and FR-3.3), and the bundled base model."""

from django.db import migrations

GPU_TYPES = [
    ("A100-80GB", "NVIDIA A100 80GB", "Best overall performance", "3.50", 1800),
    ("A100-40GB", "NVIDIA A100 40GB", "Good for smaller models", "2.80", 1500),
    ("H100", "NVIDIA H100", "Fastest available", "4.20", 2200),
    ("V100-32GB", "NVIDIA V100 32GB", "Budget option", "2.10", 1200),
]


def add(apps, schema_editor):
    GpuType = apps.get_model("training", "GpuType")
    for position, (name, label, description, price, throughput) in enumerate(GPU_TYPES):
        GpuType.objects.create(
            name=name,
            label=label,
            description=description,
            price_per_hour=price,
            tokens_per_second=throughput,
            position=position,
            is_default=position == 0,
        )
    # Parameters: the model card of HuggingFaceTB/SmolLM2-135M-Instruct (134,515,008, embeddings tied).
    apps.get_model("training", "BaseModel").objects.create(
        name="HuggingFaceTB/SmolLM2-135M-Instruct",
        source="SmolLM2-135M-Instruct",
        parameters=134_515_008,
        license="apache-2.0",
        is_default=True,
    )


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
