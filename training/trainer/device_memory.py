"""Memory: how much the run took, and what to say when there was not enough."""

import os
from pathlib import Path

import torch

from .errors import TrainingError
from .protocol import JobSpec
from .source import Source


def peak(device: torch.device) -> tuple[int, int]:
    """The most bytes allocated and reserved so far.

    On a GPU, by PyTorch: the CUDA context (some hundred MB) comes on top. On a CPU both are the most that the whole
    process held in memory (VmHWM, proc(5)), interpreter and libraries included.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device), torch.cuda.max_memory_reserved(device)
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            held = int(line.split()[1]) * 1024
            return held, held
    raise RuntimeError("/proc/self/status has no VmHWM")


def total(device: torch.device) -> int:
    """Bytes that there are: of the GPU, or of the machine."""
    if device.type == "cuda":
        on_gpu: int = torch.cuda.get_device_properties(device).total_memory
        return on_gpu
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def out_of_memory_loading(source: Source, device: torch.device) -> TrainingError:
    """The base model itself does not fit."""
    quantize = " load it in 4 bits (QLoRA)," if source.quantization == "none" else ""
    return TrainingError(
        "out_of_memory",
        f"The base model {source.model_name} does not fit into {_where(device)}:{quantize} choose a smaller model, or "
        "a GPU with more memory.",
        {"step": 0.0} | _figures(device),
    )


def out_of_memory_training(
    spec: JobSpec, device: torch.device, *, step: int, sequences: int, longest: int
) -> TrainingError:
    """A forward or backward pass of so many sequences does not fit."""
    smaller = [f"a micro-batch of fewer than {sequences} sequences (the batch size may stay)"] if sequences > 1 else []
    if not spec.gradient_checkpointing:
        smaller.append("gradient checkpointing")
    if spec.quantization == "none":
        smaller.append("the base model in 4 bits (QLoRA)")
    smaller += [f"conversations cut to fewer than {longest} tokens", "a smaller rank", "a GPU with more memory"]
    return TrainingError(
        "out_of_memory",
        f"Training ran out of memory at step {step}: {sequences} sequence(s) of up to {longest} tokens at once do not "
        f"fit into {_where(device)}. Any of these needs less: {'; '.join(smaller)}.",
        {"step": float(step), "micro_batch_size": float(sequences), "longest_sequence": float(longest)}
        | _figures(device),
    )


def _figures(device: torch.device) -> dict[str, float]:
    return {"allocated_bytes": float(peak(device)[0]), "total_bytes": float(total(device))}


def _where(device: torch.device) -> str:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "this machine"
    return f"the {total(device) / 1024**3:.1f} GiB of {name}"
