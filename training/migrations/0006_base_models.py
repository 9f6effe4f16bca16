"""What the GPU types have of memory, and the catalogue of base models.

Dimensions are those of each model's config.json, licences those of its model card; the numbers of parameters are the
published ones and agree with the dimensions to 0.1 % (tests/training/core/test_architecture.py).
"""

import datetime

from django.db import migrations

# name: GiB on one card, computes in bf16
CARDS = {
    "A100-80GB": (80, True),
    "A100-40GB": (40, True),
    "H100": (80, True),
    "V100-32GB": (32, False),
}
PRICE_AS_OF = datetime.date(2025, 12, 25)
PRICE_SOURCE = "Pipeline's first list prices"

# family, name, parameters, licence; hidden size, layers, heads, KV heads, head size, intermediate size, vocabulary,
# whether embedding and output layer are one
BASE_MODELS = [
    ("SmolLM2", "HuggingFaceTB/SmolLM2-135M-Instruct", 134_515_008, "apache-2.0", 576, 30, 9, 3, 64, 1536, 49152, True),
    ("SmolLM2", "HuggingFaceTB/SmolLM2-360M-Instruct", 361_821_120, "apache-2.0",
     960, 32, 15, 5, 64, 2560, 49152, True),
    ("SmolLM2", "HuggingFaceTB/SmolLM2-1.7B-Instruct", 1_711_376_384, "apache-2.0",
     2048, 24, 32, 32, 64, 8192, 49152, True),
    ("Qwen", "Qwen/Qwen2.5-0.5B-Instruct", 494_032_768, "apache-2.0", 896, 24, 14, 2, 64, 4864, 151936, True),
    ("Qwen", "Qwen/Qwen2.5-1.5B-Instruct", 1_543_714_304, "apache-2.0", 1536, 28, 12, 2, 128, 8960, 151936, True),
    ("Qwen", "Qwen/Qwen2.5-3B-Instruct", 3_085_938_688, "qwen-research", 2048, 36, 16, 2, 128, 11008, 151936, True),
    ("Qwen", "Qwen/Qwen2.5-7B-Instruct", 7_615_616_512, "apache-2.0", 3584, 28, 28, 4, 128, 18944, 152064, False),
    ("Qwen", "Qwen/Qwen2.5-14B-Instruct", 14_770_033_664, "apache-2.0", 5120, 48, 40, 8, 128, 13824, 152064, False),
    ("Qwen", "Qwen/Qwen2.5-32B-Instruct", 32_763_876_352, "apache-2.0", 5120, 64, 40, 8, 128, 27648, 152064, False),
    ("Qwen", "Qwen/Qwen2.5-72B-Instruct", 72_706_203_648, "qwen", 8192, 80, 64, 8, 128, 29568, 152064, False),
    ("Qwen", "Qwen/Qwen3-0.6B", 596_049_920, "apache-2.0", 1024, 28, 16, 8, 128, 3072, 151936, True),
    ("Qwen", "Qwen/Qwen3-1.7B", 1_720_574_976, "apache-2.0", 2048, 28, 16, 8, 128, 6144, 151936, True),
    ("Qwen", "Qwen/Qwen3-4B", 4_022_468_096, "apache-2.0", 2560, 36, 32, 8, 128, 9728, 151936, True),
    ("Qwen", "Qwen/Qwen3-8B", 8_190_735_360, "apache-2.0", 4096, 36, 32, 8, 128, 12288, 151936, False),
    ("Qwen", "Qwen/Qwen3-14B", 14_768_307_200, "apache-2.0", 5120, 40, 40, 8, 128, 17408, 151936, False),
    ("Qwen", "Qwen/Qwen3-32B", 32_762_123_264, "apache-2.0", 5120, 64, 64, 8, 128, 25600, 151936, False),
    ("Llama", "meta-llama/Llama-3.2-1B-Instruct", 1_235_814_400, "llama3.2", 2048, 16, 32, 8, 64, 8192, 128256, True),
    ("Llama", "meta-llama/Llama-3.2-3B-Instruct", 3_212_749_824, "llama3.2", 3072, 28, 24, 8, 128, 8192, 128256, True),
    ("Llama", "meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248, "llama3.1",
     4096, 32, 32, 8, 128, 14336, 128256, False),
    ("Llama", "meta-llama/Llama-3.3-70B-Instruct", 70_553_706_496, "llama3.3",
     8192, 80, 64, 8, 128, 28672, 128256, False),
    ("Mistral", "mistralai/Mistral-7B-Instruct-v0.3", 7_248_023_552, "apache-2.0",
     4096, 32, 32, 8, 128, 14336, 32768, False),
    ("Mistral", "mistralai/Mistral-Nemo-Instruct-2407", 12_247_782_400, "apache-2.0",
     5120, 40, 32, 8, 128, 14336, 131072, False),
    ("Mistral", "mistralai/Mistral-Small-24B-Instruct-2501", 23_572_403_200, "apache-2.0",
     5120, 40, 32, 8, 128, 32768, 131072, False),
    ("Gemma", "google/gemma-3-1b-it", 999_885_952, "gemma", 1152, 26, 4, 1, 256, 6912, 262144, True),
    ("Gemma", "google/gemma-2-2b-it", 2_614_341_888, "gemma", 2304, 26, 8, 4, 256, 9216, 256000, True),
    ("Gemma", "google/gemma-2-9b-it", 9_241_705_984, "gemma", 3584, 42, 16, 8, 256, 14336, 256000, True),
    ("Gemma", "google/gemma-2-27b-it", 27_227_128_320, "gemma", 4608, 46, 32, 16, 128, 36864, 256000, True),
    ("Phi", "microsoft/Phi-3.5-mini-instruct", 3_821_079_552, "mit", 3072, 32, 32, 32, 96, 8192, 32064, False),
    ("Phi", "microsoft/Phi-4-mini-instruct", 3_836_021_760, "mit", 3072, 32, 24, 8, 128, 8192, 200064, True),
    ("Phi", "microsoft/phi-4", 14_659_507_200, "mit", 5120, 40, 40, 10, 128, 17920, 100352, False),
]  # fmt: skip
DIMENSIONS = (
    "hidden_size",
    "layers",
    "heads",
    "kv_heads",
    "head_size",
    "intermediate_size",
    "vocabulary",
    "tied_embeddings",
)


def add(apps, schema_editor):
    GpuType = apps.get_model("training", "GpuType")
    for name, (memory_gib, has_bf16) in CARDS.items():
        GpuType.objects.filter(name=name, memory_gib=None).update(
            memory_gib=memory_gib, has_bf16=has_bf16, price_as_of=PRICE_AS_OF, price_source=PRICE_SOURCE
        )
    BaseModel = apps.get_model("training", "BaseModel")
    for family, name, parameters, license_, *dimensions in BASE_MODELS:
        architecture = dict(zip(DIMENSIONS, dimensions, strict=True)) | {"gated": True}
        model, is_new = BaseModel.objects.get_or_create(
            name=name,
            defaults={
                "source": name,
                "family": family,
                "parameters": parameters,
                "architecture": architecture,
                "license": license_,
            },
        )
        if not is_new and model.architecture is None:
            model.family, model.architecture = family, architecture
            model.save(update_fields=["family", "architecture"])


class Migration(migrations.Migration):
    dependencies = [("training", "0005_dataset_version")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
