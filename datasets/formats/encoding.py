"""UTF-8, with or without a byte order mark; anything else is an error that names the byte. Pure."""

from datasets.formats.problems import FileProblem, Problem, excerpt

BOM = b"\xef\xbb\xbf"


def not_utf8(error: UnicodeDecodeError, offset: int, *, line: int | None) -> FileProblem:
    """The error for a file that can be read no further; the arguments are those of ``describe``."""
    found = describe("encoding", error, offset, line=line)
    return FileProblem("encoding", found.reason, line=line, excerpt=found.excerpt)


def describe(kind: str, error: UnicodeDecodeError, offset: int, *, line: int | None) -> Problem:
    """A finding that names the byte.

    Args:
        kind: a key of KINDS.
        error: from decoding a part of the file.
        offset: of that part's first byte in the (unpacked) file.
        line: of the row; ``None`` where it is not known.
    """
    byte = error.object[error.start]
    around = error.object[max(0, error.start - 40) : error.start + 40].decode("utf-8", "replace")
    reason = f"Not UTF-8: byte 0x{byte:02x} at byte offset {offset + error.start:,}. Save the file as UTF-8."
    return Problem(kind, line, reason, excerpt=excerpt(around))
