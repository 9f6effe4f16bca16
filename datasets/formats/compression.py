"""Unpack gzip and zstd as a stream, never more than allowed. Pure."""

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, Any

from backports import zstd

from datasets.formats.problems import FileProblem

GZIP, ZSTD = "gzip", "zstd"
MAGIC = {b"\x1f\x8b": GZIP, b"\x28\xb5\x2f\xfd": ZSTD}
LARGEST_WINDOW_LOG = 27
"""A zstd frame may have the reader remember 2^27 bytes: what ``zstd --long`` needs."""
BLOCK = 1024**2
"""Bytes unpacked at once."""


def compression_of(head: bytes) -> str:
    """GZIP, ZSTD or nothing, by a file's first four bytes (RFC 1952, section 2.3.1; RFC 8878, section 3.1.1)."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def too_much(limit: int) -> FileProblem:
    """The error for a file that unpacks to more than ``limit`` bytes."""
    size = f"{limit / 1024**3:,.1f} GB" if limit >= 1024**3 // 2 else f"{limit / 1024**2:,.1f} MB"
    return FileProblem("too_much", f"Unpacked, the file is larger than the limit of {size}. Split it.")


class _Unpacked(io.RawIOBase):
    """The unpacked bytes, counted. Raises FileProblem at the limit, and where the stream is damaged."""

    def __init__(self, stream: Any, name: str, limit: int) -> None:
        self._stream, self._name, self._left, self._limit = stream, name, limit, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except EOFError as error:
            raise FileProblem("broken_compression", f"The {self._name} file is cut short. Upload all of it.") from error
        except (OSError, zlib.error, zstd.ZstdError) as error:
            raise FileProblem(
                "broken_compression", f"The {self._name} data is damaged ({error}). Pack the file again."
            ) from error
        self._left -= len(data)
        if self._left < 0:
            raise too_much(self._limit)
        buffer[: len(data)] = data
        return len(data)


def unpack(file: IO[bytes], name: str, *, limit: int) -> IO[bytes]:
    """A buffered reader of what ``file`` holds; ``file`` itself when it is not packed.

    Args:
        file: the packed bytes.
        name: GZIP, ZSTD or nothing.
        limit: bytes after which reading raises FileProblem, as it does where the data are damaged.
    """
    if name == GZIP:
        stream: Any = gzip.GzipFile(fileobj=file, mode="rb")
    elif name == ZSTD:
        stream = zstd.ZstdFile(file, options={zstd.DecompressionParameter.window_log_max: LARGEST_WINDOW_LOG})
    else:
        return file
    return io.BufferedReader(_Unpacked(stream, name, limit), buffer_size=BLOCK)


def unpack_to(file: IO[bytes], name: str, target: Path, *, limit: int) -> None:
    """Unpack into the file ``target``, for readers that seek. Raises FileProblem as ``unpack``'s reader does."""
    with target.open("wb") as unpacked:
        stream = unpack(file, name, limit=limit)
        while block := stream.read(BLOCK):
            unpacked.write(block)
