"""Kinds of device, and whether the GPU that a run was on is of the type that was chosen."""

import re

CUDA = "cuda"
CPU = "cpu"


def is_that_gpu(gpu_type: str, device_name: str) -> bool:
    """Whether a device may be of a GPU type of the catalogue, by their names.

    Every word of the type's name that has a digit (A100, 80GB, 4090) must be in the device's: "A100-80GB" is an
    "NVIDIA A100-SXM4-80GB" and no "NVIDIA A100-SXM4-40GB". A type's name without digits matches every device.

    Args:
        gpu_type: a name of the catalogue.
        device_name: as the driver reports it.
    """
    said = set(_words(device_name))
    return all(word in said for word in _words(gpu_type) if any(letter.isdigit() for letter in word))


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())
