"""Failures that a person can do something about, and how others are told apart. Loads no PyTorch."""

import errno
import traceback

from .protocol import Failed

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What PyTorch's errors say on a GPU, on a CPU, and where a library of CUDA's could not allocate."""


class TrainingError(Exception):
    """The run cannot go on; ``code`` is for machines, the message for people, ``figures`` for both."""

    def __init__(self, code: str, message: str, figures: dict[str, float] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.figures = figures or {}


def describe(error: BaseException) -> Failed:
    """The failure as an event."""
    detail = "".join(traceback.format_exception(error)[-12:])[-6000:]
    code, message = _explain(error)
    figures = error.figures if isinstance(error, TrainingError) else {}
    return Failed(code=code, message=message, detail=detail, figures=figures)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on a GPU or on the host."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(text in str(error) for text in MEMORY)
    )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a disk, quota or file-size limit is full; also where a library's own error covers the system's."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in FULL) or "No space left on device" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _explain(error: BaseException) -> tuple[str, str]:
    if isinstance(error, TrainingError):
        return error.code, str(error)
    if is_disk_full(error):
        return "disk_full", (
            "The worker's disk is full, or the trainer's share of it. Make room on it, then start the job again: it "
            "continues from its last checkpoint."
        )
    if is_out_of_memory(error):
        return "out_of_memory", (
            "Training ran out of memory. Choose a smaller micro-batch or rank, a GPU with more memory, or shorter "
            "conversations, and start again."
        )
    what = f"{type(error).__name__}: {str(error)[:300]}"
    return "internal", f"The trainer failed unexpectedly ({what}). The log has the details."
