"""What a program that a worker starts gets of this host: an environment of its own, and no network.

Its own is what finds programs, libraries and devices. It never has the addresses of database and broker, the secret
key or a token, and where the system can do that (``confined``), it sees neither their files nor the worker's memory.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pipeline.embedded.places import socket_dir, var_dir

logger = logging.getLogger(__name__)

NAMES = {
    *("HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LD_PRELOAD", "LOGNAME", "PATH", "TEMP", "TMP", "TMPDIR", "TZ"),
    *("GPU_DEVICE_ORDINAL", "PIPELINE_CPU_PROCESSES", "USER", "VIRTUAL_ENV", "XDG_CACHE_HOME"),
}
FAMILIES = (
    *("LC_", "PYTHON", "MALLOC_", "OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "GLOO_", "NCCL_"),
    *("CUDA_", "CUBLAS_", "CUDNN_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "ROCM_", "TRITON_"),
    *("HF_", "SAFETENSORS_", "TOKENIZERS_", "TORCH", "PYTORCH_", "TRANSFORMERS_"),
)
"""Names of variables begin so that libraries of training read."""
KEPT_BACK = {"PYTHONPATH"}
"""The project root on its path would shadow a Hugging Face library with our package datasets."""
TO_FETCH = {
    *("HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN", "SSL_CERT_DIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
    *(name for proxy in ("all_proxy", "http_proxy", "https_proxy", "no_proxy") for name in (proxy, proxy.upper())),
}
"""For those alone that may fetch a base model."""
PROBE_SECONDS = 20.0


def environment(*, online: bool = False) -> dict[str, str]:
    """The variables of this process's that the program is to have. ``online``: it may fetch."""

    def is_given(name: str) -> bool:
        if name in TO_FETCH:
            return online
        return name in NAMES or (name.startswith(FAMILIES) and name not in KEPT_BACK)

    return {name: value for name, value in os.environ.items() if is_given(name)}


def confined(command: Sequence[str], *, online: bool = False) -> list[str]:
    """The command line that runs a program confined, or as it is where this system cannot. ``online``: it may fetch."""
    return [*_confine(online), "--", *command] if _is_possible(online) else [*command]


def _confine(online: bool) -> list[str]:
    var = var_dir()
    hidden = [f"--hide={path}" for path in (socket_dir(var), var / "secret_key")]
    script = Path(__file__).with_name("confined.py")
    return [sys.executable, "-I", "-S", str(script), *(["--online"] if online else []), *hidden]


@cache
def _is_possible(online: bool) -> bool:
    """Tried once a process, and said."""
    network = "with this host's network (HF_HUB_OFFLINE=0)" if online else "without network"
    try:
        tried = subprocess.run(_confine(online), capture_output=True, text=True, check=False, timeout=PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    else:
        problem = tried.stderr.strip() if tried.returncode else ""
    if problem:
        logger.warning(
            "Programs that a worker starts here are not kept from this host's network and from its files, as this "
            "system does not let them be (%s). docs/deployment.md says what it takes.",
            problem,
        )
    else:
        logger.info("Programs that a worker starts here run confined: %s, without the servers' sockets", network)
    return not problem
