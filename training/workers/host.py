"""What trainers on this host run on, found out without PyTorch: a worker must not spend a GPU's memory to ask."""

import logging
import os
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from training.core.gpu_names import CPU, CUDA

logger = logging.getLogger(__name__)

QUERY = ["nvidia-smi", "--query-gpu=index,uuid,name", "--format=csv,noheader"]
QUERY_SECONDS = 20.0


@dataclass(frozen=True)
class Device:
    """``kind`` is ``cuda`` or ``cpu``; ``gpu_count`` counts the GPUs that a trainer may use."""

    kind: str
    name: str
    gpu_count: int = 0


def detect(wanted: str) -> Device:
    """The device for the setting PIPELINE_TRAINER_DEVICE: ``auto``, ``cuda`` or ``cpu``."""
    gpus = [] if wanted == CPU else visible(installed(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    if wanted == CUDA or (gpus and not is_torch_for_cpu()):
        return Device(CUDA, gpus[0] if gpus else "", len(gpus))
    return Device(CPU, cpu_name())


def installed() -> list[tuple[str, str, str]]:
    """Index, UUID and name of each NVIDIA GPU; none where the driver's tool is missing or fails."""
    try:
        done = subprocess.run(QUERY, capture_output=True, text=True, check=False, timeout=QUERY_SECONDS)
    except FileNotFoundError:
        return []
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.warning("nvidia-smi did not answer, so no GPU is seen: %s", error)
        return []
    if done.returncode:
        logger.warning("nvidia-smi failed, so no GPU is seen: %s", (done.stdout + done.stderr).strip())
        return []
    rows = (line.split(", ", 2) for line in done.stdout.splitlines() if line.count(", ") >= 2)
    return [(index, uuid, name) for index, uuid, name in rows]


def visible(gpus: list[tuple[str, str, str]], chosen: str | None) -> list[str]:
    """Names of the GPUs that CUDA_VISIBLE_DEVICES leaves: as CUDA does, up to the first that does not exist."""
    if chosen is None:
        return [name for _, _, name in gpus]
    names: list[str] = []
    for wish in (part.strip() for part in chosen.split(",")):
        found = [name for index, uuid, name in gpus if wish == index or (wish and uuid.startswith(wish))]
        if not found:
            break
        names.append(found[0])
    return names


def is_torch_for_cpu() -> bool:
    """Whether the installed PyTorch is the build without CUDA, by its version (``2.13.0+cpu``)."""
    try:
        return metadata.version("torch").endswith("+cpu")
    except metadata.PackageNotFoundError:
        return False


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "CPU"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"CPU ({models[0]})" if models else "CPU"
