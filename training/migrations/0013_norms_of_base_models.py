"""What sets Gemma 2, Gemma 3 and Qwen3 apart from a Llama block, for the catalogue's own rows.

Their config.json has it by ``model_type`` and the keys of soft-capping (training/core/model_config.py). An architecture
that somebody changed stays as it is.
"""

import importlib

from django.db import migrations

seed = importlib.import_module("training.migrations.0006_base_models")

GEMMA_2 = {"norms": 4, "soft_capped_scores": True, "soft_capped_logits": True}
GEMMA_3 = {"norms": 4, "query_norms": True}
QWEN_3 = {"query_norms": True}
FAMILIES = {"google/gemma-2-": GEMMA_2, "google/gemma-3-": GEMMA_3, "Qwen/Qwen3-": QWEN_3}


def catalogue():
    """Name, stored architecture and what it lacks, of each row that lacks something."""
    for _, name, _, _, *dimensions in seed.BASE_MODELS:
        stored = dict(zip(seed.DIMENSIONS, dimensions, strict=True)) | {"gated": True}
        for start, lacking in FAMILIES.items():
            if name.startswith(start):
                yield name, stored, lacking


def add(apps, schema_editor):
    BaseModel = apps.get_model("training", "BaseModel")
    for name, stored, lacking in catalogue():
        BaseModel.objects.filter(name=name, architecture=stored).update(architecture=stored | lacking)


def take_away(apps, schema_editor):
    BaseModel = apps.get_model("training", "BaseModel")
    for name, stored, lacking in catalogue():
        BaseModel.objects.filter(name=name, architecture=stored | lacking).update(architecture=stored)


class Migration(migrations.Migration):
    dependencies = [("training", "0012_more_gpus")]
    operations = [migrations.RunPython(add, take_away)]
