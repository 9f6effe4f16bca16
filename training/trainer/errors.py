"""Failures that a person can do something about, and how others are told apart. Loads no PyTorch."""

import errno
import os
import traceback

from .protocol import Failed

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
"""No room, or no leave, to write."""
FULL_IN_WORDS = (*(os.strerror(number) for number in FULL), "PytorchStreamWriter failed writing")
"""Of libraries that are not Python's."""
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
    """Whether a disk, quota or file-size limit is full, or the disk read-only; also by what libraries say of it."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in FULL) or any(words in str(error) for words in FULL_IN_WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False


def _explain(error: BaseException) -> tuple[str, str]:
    if isinstance(error, TrainingError):
        return error.code, str(error)
    if is_disk_full(error):
        return "disk_full", (
            "The worker's disk is full or cannot be written to. Make room on it, then start the job again: it "
            "continues from its last checkpoint."
        )
    if is_out_of_memory(error):
        return "out_of_memory", (
            "Training ran out of memory. Choose a smaller micro-batch or rank, a GPU with more memory, or shorter "
            "conversations, and start again."
        )
    what = f"{type(error).__name__}: {str(error)[:300]}"
    return "internal", f"The trainer failed unexpectedly ({what}). The log has the details."
