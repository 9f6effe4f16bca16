"""UTF-8, with or without a byte order mark; anything else is an error that names the byte. Pure."""

from datasets.formats.problems import FileProblem, Problem, excerpt

BOM = b"\xef\xbb\xbf"


def not_utf8(error: UnicodeDecodeError, offset: int, *, line: int | None) -> FileProblem:
    """What is said where a file can be read no further; ``offset``: of the decoded bytes in the file."""
    found = describe("encoding", error, offset, line=line)
    return FileProblem("encoding", found.reason, line=line, excerpt=found.excerpt)


def describe(kind: str, error: UnicodeDecodeError, offset: int, *, line: int | None) -> Problem:
    byte = error.object[error.start]
    around = error.object[max(0, error.start - 40) : error.start + 40].decode("utf-8", "replace")
    reason = f"Not UTF-8: byte 0x{byte:02x} at byte offset {offset + error.start:,}. Save the file as UTF-8."
    return Problem(kind, line, reason, excerpt=excerpt(around))
