"""Whether the GPU that a run was on is the one that was chosen."""

import re

CUDA = "cuda"
CPU = "cpu"


def is_that_gpu(gpu_type: str, device_name: str) -> bool:
    """Whether a device that calls itself ``device_name`` may be a ``gpu_type`` of the catalogue.

    What has a digit in the catalogue's name (A100, 80GB, 4090) must be in the device's: "A100-80GB" is an
    "NVIDIA A100-SXM4-80GB" and no "NVIDIA A100-SXM4-40GB". A name without digits says nothing, and is believed.
    """
    said = set(_words(device_name))
    return all(word in said for word in _words(gpu_type) if any(letter.isdigit() for letter in word))


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())
