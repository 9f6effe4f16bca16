"""Kinds of device, and whether the GPU that a run was on is of the type that was chosen."""

import re
from collections.abc import Iterable

CUDA = "cuda"
CPU = "cpu"
VARIANTS = frozenset({"ti", "super", "d", "laptop", "mobile", "max", "mig"})
"""Words of drivers' names that make another card of the same model number: an RTX 4090 Laptop GPU has 16 GiB."""


def is_that_gpu(gpu_type: str, device_name: str) -> bool:
    """Whether a device may be of a GPU type of the catalogue, by their names.

    Every word of the type's name that has a digit (A100, 80GB, 4090) must be in the device's, and a word of VARIANTS in
    both or in neither: "A100-80GB" is an "NVIDIA A100-SXM4-80GB" and no "NVIDIA A100-SXM4-40GB". A type's name without
    digits matches every device.

    Args:
        gpu_type: a name of the catalogue.
        device_name: as the driver reports it.
    """
    asked, said = _words(gpu_type), _words(device_name)
    models = {word for word in asked if _has_digit(word)}
    return not models or (models <= said and asked & VARIANTS == said & VARIANTS)


def known_as(device_name: str, gpu_types: Iterable[str]) -> list[str]:
    """Those GPU types of the catalogue that a device certainly is; a type's name without digits says of none.

    Args:
        device_name: as the driver reports it.
        gpu_types: names of the catalogue.
    """
    return [name for name in gpu_types if any(map(_has_digit, _words(name))) and is_that_gpu(name, device_name)]


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", name.lower()))


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)
