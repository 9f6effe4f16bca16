"""Failures that a person can do something about, and how others are told apart."""

import errno
import traceback

import torch

from .protocol import Failed


class TrainingError(Exception):
    """The run cannot go on; ``code`` is for machines, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def describe(error: BaseException) -> Failed:
    """The failure as an event."""
    detail = "".join(traceback.format_exception(error)[-12:])[-6000:]
    code, message = _explain(error)
    return Failed(code=code, message=message, detail=detail)


def _explain(error: BaseException) -> tuple[str, str]:
    match error:
        case TrainingError():
            return error.code, str(error)
        case torch.OutOfMemoryError() | MemoryError():
            return "out_of_memory", (
                "Training ran out of memory. Choose a smaller batch size or rank, a GPU with more memory, or shorter "
                "conversations, and start again."
            )
        case OSError(errno=errno.ENOSPC):
            return "disk_full", "The worker's disk is full. Make room on it, then start the job again."
        case RuntimeError() if "out of memory" in str(error) or "can't allocate memory" in str(error):
            return _explain(MemoryError())
    return "internal", (
        f"The trainer failed unexpectedly ({type(error).__name__}: {str(error)[:300]}). The log has the details."
    )
