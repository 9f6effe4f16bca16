"""What the cards of the catalogue can do, and more cards, which nobody is offered before somebody activates them.

Peaks are dense matrix products in 16 bits, summed up in fp32, without sparsity; fp32 is without TF32. They and the
bandwidths are those of the makers' data sheets:

- NVIDIA data sheets "A100 80GB" (SXM: 2,039 GB/s; 40 GB: 1,555), "H100" (SXM: 1,979 TFLOPS with sparsity, so 989.5),
  "H200" (4.8 TB/s), "V100" (SXM2: 125 TFLOPS), "T4" (65), "L4" (242 with sparsity), "L40S" (362, 864 GB/s), and
  "HGX B200" (36 PFLOPS with sparsity for 8: 2,250 each; 64 TB/s for 8).
- NVIDIA's GA102, Ada and RTX Blackwell architecture whitepapers, tables "Peak FP16 Tensor TFLOPS with FP32
  accumulate": RTX 3090 71, RTX 4090 165.2, RTX 5090 209.5. GeForce cards do half of what they do with fp16 sums.
- NVIDIA data sheet "A10G" for Amazon Web Services (70 TFLOPS, 35 in fp32, 600 GB/s); an A10 is another card.
- AMD data sheet "Instinct MI300X" (1,307.4 TFLOPS, 163.4 in fp32, 5.3 TB/s).

Usable memory is ``torch.cuda.get_device_properties(0).total_memory``, with ECC on where a card has it on by default.

Prices are what these clouds listed on demand in summer 2025, a GPU and hour (instances of eight divided by eight).
Clouds differ by four times: whoever activates a card looks its price up first.

``tokens_per_second`` is what training/core/throughput.py gives for Llama 3.1 8B in 16 bits: LoRA of rank 16 on all
linear layers, no checkpointing, one micro-batch of 4 x 512 tokens, to two digits. The specification's own figures for
its four cards are up to three times lower than that, and stay.
"""

import datetime

from django.db import migrations

# name: usable GiB, TFLOPS in 16 bits, TFLOPS in fp32, GB/s, interconnect
CHIPS = {
    "A100-80GB": (79.15, 312, 19.5, 2039, "nvlink"),
    "A100-40GB": (39.39, 312, 19.5, 1555, "nvlink"),
    "H100": (79.1, 989.5, 67, 3350, "nvlink"),
    "V100-32GB": (31.73, 125, 15.7, 900, "nvlink"),
    "T4": (14.56, 65, 8.1, 320, "pcie"),
    "L4": (22.03, 121, 30.3, 300, "pcie"),
    "A10G": (22.03, 70, 35, 600, "pcie"),
    "L40S": (44.4, 362, 91.6, 864, "pcie"),
    "RTX-3090": (23.69, 71, 35.6, 936, "pcie"),
    "RTX-4090": (23.64, 165.2, 82.6, 1008, "pcie"),
    "RTX-5090": (31.36, 209.5, 104.8, 1792, "pcie"),
    "H200": (139.8, 989.5, 67, 4800, "nvlink"),
    "B200": (178.35, 2250, 80, 8000, "nvlink"),
    "MI300X": (191.98, 1307.4, 163.4, 5300, "xgmi"),
}
FIGURES = ("usable_gib", "peak_tflops", "peak_fp32_tflops", "bandwidth_gb_s", "interconnect")

AWS = "Amazon EC2, on demand, us-east-1"
RUNPOD = "RunPod Secure Cloud, on demand"
PRICE_AS_OF = datetime.date(2025, 7, 1)
# name, label, description, US dollars an hour, price's source, list tokens a second, nominal GiB, computes in bf16
NEW_TYPES = [
    ("T4", "NVIDIA T4 16GB", "For models up to 3B", "0.53", f"{AWS}: g4dn.xlarge", 590, 16, False),
    ("L4", "NVIDIA L4 24GB", "Small and frugal", "0.80", f"{AWS}: g6.xlarge", 660, 24, True),
    ("A10G", "NVIDIA A10G 24GB", "AWS's small card", "1.01", f"{AWS}: g5.xlarge", 900, 24, True),
    ("L40S", "NVIDIA L40S 48GB", "Between an L4 and an A100", "1.86", f"{AWS}: g6e.xlarge", 1900, 48, True),
    ("RTX-3090", "NVIDIA GeForce RTX 3090 24GB", "Workstation card", "0.46", RUNPOD, 1100, 24, True),
    ("RTX-4090", "NVIDIA GeForce RTX 4090 24GB", "Workstation card", "0.69", RUNPOD, 1700, 24, True),
    ("RTX-5090", "NVIDIA GeForce RTX 5090 32GB", "Workstation card", "0.94", RUNPOD, 2700, 32, True),
    ("H200", "NVIDIA H200 141GB", "An H100 with more memory", "7.91", f"{AWS}: p5en.48xlarge / 8", 8900, 141, True),
    ("B200", "NVIDIA B200 180GB", "For the largest models", "14.24", f"{AWS}: p6-b200.48xlarge / 8", 16_000, 180, True),
    ("MI300X", "AMD Instinct MI300X 192GB", "Needs PyTorch for ROCm", "2.49", RUNPOD, 10_000, 192, True),
]
FIRST_POSITION = 10
"""After the specification's four, and after what an administrator may have put behind them."""


def add(apps, schema_editor):
    GpuType = apps.get_model("training", "GpuType")
    for place, (name, label, description, price, source, throughput, memory_gib, has_bf16) in enumerate(NEW_TYPES):
        GpuType.objects.get_or_create(
            name=name,
            defaults={
                "label": label,
                "description": description,
                "price_per_hour": price,
                "price_as_of": PRICE_AS_OF,
                "price_source": source,
                "tokens_per_second": throughput,
                "memory_gib": memory_gib,
                "has_bf16": has_bf16,
                "is_active": False,
                "position": FIRST_POSITION + place,
            },
        )
    for name, figures in CHIPS.items():
        for gpu in GpuType.objects.filter(name=name):
            unknown = {
                field: value for field, value in zip(FIGURES, figures, strict=True) if getattr(gpu, field) in (None, "")
            }
            GpuType.objects.filter(pk=gpu.pk).update(**unknown)


class Migration(migrations.Migration):
    dependencies = [("training", "0011_speed_from_architecture")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
