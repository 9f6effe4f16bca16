"""The devices of this host, and what a job gets of them."""

import os

import torch

from .errors import TrainingError
from .protocol import JobSpec
from .source import Source

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def device_type(source: Source) -> str:
    """``cuda`` or ``cpu``; left to the program, a GPU where there is one."""
    if source.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return source.device


def process_count(spec: JobSpec) -> int:
    """One process a GPU. Raises TrainingError when the host has too few."""
    if device_type(spec) == "cpu":
        return int(os.environ.get("PIPELINE_CPU_PROCESSES", "1"))
    available = torch.cuda.device_count()
    if available < spec.gpu_count:
        raise TrainingError(
            "not_enough_gpus",
            f"The job asks for {spec.gpu_count} GPUs, but this worker has {available}. Choose {available} or fewer, or "
            "start a worker on a host that has as many.",
        )
    return spec.gpu_count


def choose_precision(wanted: str, device: torch.device) -> torch.dtype:
    """What base weights and forward passes are computed in. Raises TrainingError."""
    # PyTorch also counts devices that only emulate bfloat16, slowly (V100, T4).
    has_bf16 = device.type == "cpu" or torch.cuda.is_bf16_supported(including_emulation=False)
    if wanted == "auto":
        if device.type == "cpu":
            return torch.float32
        return torch.bfloat16 if has_bf16 else torch.float16
    if wanted not in PRECISIONS:
        raise TrainingError("bad_job", f"The precision “{wanted}” is none of auto, {', '.join(PRECISIONS)}.")
    if wanted == "bf16" and not has_bf16:
        raise TrainingError(
            "precision_unavailable",
            f"{torch.cuda.get_device_name(device)} cannot compute in bf16. Choose auto, fp16 or fp32.",
        )
    return PRECISIONS[wanted]


def precision_name(precision: torch.dtype) -> str:
    """What people call it, as in job files."""
    return next(name for name, dtype in PRECISIONS.items() if dtype == precision)


def device_name(spec: JobSpec, device: torch.device) -> str:
    """What people call it: a GPU by its driver's name, a CPU by the job file's."""
    if device.type == "cpu":
        return spec.cpu_name
    name: str = torch.cuda.get_device_name(device)
    return name
