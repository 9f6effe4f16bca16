"""A GPU is told by what its driver calls it."""

import pytest

from training.core.gpu_names import is_that_gpu, known_as

REPORTED = {
    "A100-80GB": ["NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB PCIe", "A100-SXM4-80GB"],
    "A100-40GB": ["NVIDIA A100-SXM4-40GB", "NVIDIA A100-PCIE-40GB"],
    "H100": ["NVIDIA H100 80GB HBM3", "NVIDIA H100 PCIe", "NVIDIA H100 NVL"],
    "V100-32GB": ["Tesla V100-SXM2-32GB", "Tesla V100-PCIE-32GB", "Tesla V100-SXM3-32GB"],
    "T4": ["Tesla T4", "NVIDIA T4"],
    "L4": ["NVIDIA L4"],
    "A10G": ["NVIDIA A10G"],
    "L40S": ["NVIDIA L40S"],
    "RTX-3090": ["NVIDIA GeForce RTX 3090", "GeForce RTX 3090"],
    "RTX-4090": ["NVIDIA GeForce RTX 4090"],
    "RTX-5090": ["NVIDIA GeForce RTX 5090"],
    "H200": ["NVIDIA H200", "NVIDIA H200 NVL"],
    "B200": ["NVIDIA B200"],
    "MI300X": ["AMD Instinct MI300X", "AMD Instinct MI300X OAM", "AMD Instinct MI300X VF"],
}
NEAR_MISSES = [
    "NVIDIA GH200 480GB",
    "NVIDIA GB200",
    "NVIDIA H20",
    "NVIDIA H800",
    "NVIDIA L40",
    "NVIDIA A10",
    "NVIDIA A100-SXM-64GB",
    "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
    "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
    "Tesla V100-SXM2-16GB",
    "Tesla V100S-PCIE-32GB",
    "NVIDIA T4G",
    "NVIDIA T400 4GB",
    "NVIDIA GeForce RTX 3090 Ti",
    "NVIDIA GeForce RTX 4090 D",
    "NVIDIA GeForce RTX 4090 Laptop GPU",
    "NVIDIA GeForce RTX 5090 Laptop GPU",
    "NVIDIA GeForce RTX 4080 SUPER",
    "AMD Instinct MI300A",
    "AMD Instinct MI325X",
    "",
]


@pytest.mark.parametrize(
    ("gpu_type", "device_name"), [(gpu, name) for gpu, names in REPORTED.items() for name in names]
)
def test_a_card_is_told_from_all_others_of_the_catalogue(gpu_type, device_name):
    assert known_as(device_name, REPORTED) == [gpu_type]


@pytest.mark.parametrize("device_name", NEAR_MISSES)
def test_a_near_miss_is_none_of_them(device_name):
    assert known_as(device_name, REPORTED) == []


def test_a_variant_can_be_a_type_of_its_own():
    assert known_as("NVIDIA GeForce RTX 3090 Ti", [*REPORTED, "RTX-3090-Ti"]) == ["RTX-3090-Ti"]


def test_a_name_without_digits_is_taken_at_its_word_and_says_of_no_card_what_it_is():
    assert is_that_gpu("Budget", "Tesla T4")
    assert known_as("Tesla T4", ["Budget"]) == []
