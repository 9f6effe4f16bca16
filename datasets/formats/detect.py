"""What a file is, by its first bytes, its first rows and its name. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePath

from datasets.formats.compression import compression_of, unpack
from datasets.formats.containers import SEPARATOR_LINE, Rows
from datasets.formats.encoding import BOM
from datasets.formats.json_array import WRAPPED
from datasets.formats.messages import SPEAKER
from datasets.formats.options import TRAIN, Options
from datasets.formats.parsing import as_object
from datasets.formats.problems import FileProblem, excerpt, storable
from datasets.formats.rows import Raw
from datasets.formats.shapes import PREFERENCE, SHAPES

HEAD = 64 * 1024
"""Bytes by which the container is told."""
ROWS_LOOKED_AT = 50
"""Rows by whose columns the shape is told."""
CONTAINERS = {"jsonl": "JSON Lines", "json": "JSON array", "csv": "CSV", "parquet": "Parquet"}
SUFFIXES = {
    ".jsonl": ("jsonl", "json"), ".ndjson": ("jsonl", "json"), ".json": ("json", "jsonl"), ".csv": ("csv",),
    ".tsv": ("csv",), ".parquet": ("parquet",),
}  # fmt: skip
"""Suffix -> containers that the content may be, the one that the name claims first."""
PACKED_SUFFIXES = (".gz", ".zst")
OTHER_FILES = {
    b"PK\x03\x04": "a ZIP archive or an Office document", b"%PDF": "a PDF document", b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive", b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file", b"SQLite format 3": "an SQLite database", b"\x80\x04": "a Python pickle",
    b"ARROW1": "an Arrow file", b"GGUF": "a GGUF model", b"\x7fELF": "a program",
}  # fmt: skip
"""First bytes -> what kind of file it is, none of which is a data set."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = ",;\t|"
COLUMNS_NAMED = 20
IS_PREFERENCE = (
    "This is preference data: of each pair of answers, one is chosen and one rejected. Training here takes single "
    f"answers: choose the format “{SHAPES[PREFERENCE].label}” to train on the chosen ones alone, or another format."
)


@dataclass(frozen=True, kw_only=True)
class Detected:
    """How a file will be read, and the columns that were seen in it."""

    options: Options
    columns: list[str]
    is_recognized: bool
    """Whether a shape was chosen, or its columns fit one that may be taken unasked; if not, its owner must choose."""

    @property
    def refusal(self) -> FileProblem | None:
        """Why it cannot be read before its owner has chosen."""
        if self.is_recognized:
            return None
        if self.options.shape == PREFERENCE:
            return FileProblem("preference", IS_PREFERENCE)
        seen = ", ".join(self.columns[:COLUMNS_NAMED]) or "none"
        reason = f"No format fits the columns found: {seen}. Choose the format below, and which column holds what."
        return FileProblem("unknown_columns", reason)


def suffix_of(name: str) -> str:
    """The suffix that says what a file holds, in lower case and without ``.gz`` or ``.zst``: ``.jsonl``."""
    path = PurePath(name.lower())
    return PurePath(path.stem).suffix if path.suffix in PACKED_SUFFIXES else path.suffix


def detect(
    path: Path,
    name: str,
    *,
    limit: int,
    scratch: Path,
    shape: str = "",
    mapping: Mapping[str, str] | None = None,
    tool_calls: str = TRAIN,
    merge_turns: bool = False,
    fold_system: bool = True,
) -> Detected:
    """How a stored file is to be read.

    Args:
        path: where it is stored.
        name: what it was called.
        limit: bytes that it may unpack to.
        scratch: a folder for a Parquet file that has to be unpacked.
        shape: a chosen key of SHAPES, taken as it is; nothing: the first that the columns fit.
        mapping: a shape's field -> the file's column, where they differ.
        tool_calls: IGNORE or TRAIN.
        merge_turns: consecutive turns of one speaker are joined.
        fold_system: a system message that a model's template refuses is put before the first user's words.

    Raises:
        FileProblem: it is no data set, or cannot be read.
    """
    compression, head = _head(path, limit)
    options = Options(
        container=_container(head, name),
        shape=shape or next(iter(SHAPES)),
        compression=compression,
        delimiter=_delimiter(head),
        mapping=dict(mapping or {}),
        tool_calls=tool_calls,
        merge_turns=merge_turns,
        fold_system=fold_system,
    )
    columns = _columns(path, options, limit=limit, scratch=scratch)
    found = shape or _shape(columns, options.mapping)
    is_recognized = bool(shape) or found not in ("", PREFERENCE)
    return Detected(
        options=replace(options, shape=found or options.shape),
        columns=[storable(column) for column in columns],
        is_recognized=is_recognized,
    )


def _shape(columns: list[str], mapping: Mapping[str, str]) -> str:
    """The first shape that the columns fit; where they hold answers chosen and rejected, no other is guessed."""
    if SHAPES[PREFERENCE].fits(columns, mapping):
        return PREFERENCE
    return next((key for key, form in SHAPES.items() if form.fits(columns, mapping)), "")


def _head(path: Path, limit: int) -> tuple[str, bytes]:
    """The file's compression, and the first HEAD bytes of what is in it. Raises FileProblem."""
    with path.open("rb") as file:
        compression = compression_of(file.read(8))
        file.seek(0)
        return compression, unpack(file, compression, limit=limit).read(HEAD)


def _container(head: bytes, name: str) -> str:
    """A key of CONTAINERS. Raises FileProblem for what is no data set, and for content that contradicts the name."""
    if not head:
        raise FileProblem("empty_file", "The file is empty.")
    found = _content(head)
    allowed = SUFFIXES.get(suffix_of(name), tuple(CONTAINERS))
    if found not in allowed:
        claimed, really = CONTAINERS[allowed[0]], CONTAINERS[found]
        if found == "csv":
            reason = f"The name says {claimed}, but the content does not look like it."
        else:
            reason = f"The name says {claimed}, but the content is {really}. Rename the file, or upload the right one."
        raise FileProblem("wrong_type", reason, line=1, excerpt="" if found == "parquet" else _excerpt(head))
    return found


def _content(head: bytes) -> str:
    """A key of CONTAINERS, by a file's first bytes alone. Raises FileProblem for what is no data set."""
    if head.startswith(b"PAR1"):
        return "parquet"
    _refuse_binary(head)
    start = head.removeprefix(BOM).lstrip()
    if start.startswith(b"["):
        return "json"
    if start.startswith(b"<"):
        raise FileProblem("wrong_type", "This looks like a web page or XML.", excerpt=_excerpt(start))
    if _is_wrapped(start.decode("utf-8", "replace")):
        return "json"
    if start.startswith(b"{"):
        _refuse_spread_object(start)
    return "jsonl" if not start or start.startswith(b"{") else "csv"


def _refuse_binary(head: bytes) -> None:
    for magic, what in OTHER_FILES.items():
        if head.startswith(magic):
            hint = (
                " Unpack it and upload what is in it." if "archive" in what or "bzip2" in what or "xz" in what else ""
            )
            raise FileProblem("wrong_type", f"This is {what}, not a dataset.{hint}")
    if head.startswith(UTF_16):
        reason = f"Not UTF-8 but UTF-16: byte 0x{head[0]:02x} at byte offset 0. Save the file as UTF-8."
        raise FileProblem("encoding", reason, line=1)
    if b"\0" in head:
        reason = f"There is a NUL byte at byte offset {head.index(0):,}: this is not a text file, or it is in UTF-16."
        raise FileProblem("encoding", reason, excerpt=_excerpt(head[max(0, head.index(0) - 40) :]))


def _is_wrapped(start: str) -> bool:
    """Whether it is one object around the rows, ``{"data": [{…}, …]}``, and no row that holds messages."""
    opening = WRAPPED.match(start)
    if not opening or any(opening["key"] in _names(form.required) | _names(form.optional) for form in SHAPES.values()):
        return False
    first, _, rest = start.partition("\n")
    if rest.strip() and _is_object(first):
        return False
    try:
        row, _ = json.JSONDecoder().raw_decode(start, opening.end())
    except (ValueError, RecursionError):  # it is longer than what was read of the file
        return True
    return isinstance(row, dict) and not row.keys() & set(SPEAKER)


def _names(fields: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {*fields, *(other for others in fields.values() for other in others)}


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _refuse_spread_object(start: bytes) -> None:
    if start.split(b"\n", 1)[0].strip() == b"{":
        reason = "One object is spread over several lines. Write one per line (JSON Lines), or all in one array […]."
        raise FileProblem("wrong_type", reason, line=1, excerpt=_excerpt(start))


def _excerpt(data: bytes) -> str:
    return excerpt(data[:400].decode("utf-8", "replace"))


def _delimiter(head: bytes) -> str:
    header = re.split(r"[\r\n]", head.removeprefix(BOM).decode("utf-8", "replace"), maxsplit=1)[0]
    if named := SEPARATOR_LINE.fullmatch(header):
        return named["delimiter"]
    return max(DELIMITERS, key=lambda character: (header.count(character), -DELIMITERS.index(character)))


def _columns(path: Path, options: Options, *, limit: int, scratch: Path) -> list[str]:
    """Every column of the first rows, in the order of their appearance."""
    seen: dict[str, None] = {}
    with Rows(path, options, limit=limit, scratch=scratch) as rows:
        try:
            for row in islice(rows, ROWS_LOOKED_AT):
                if isinstance(row, Raw):
                    seen |= dict.fromkeys(str(name) for name in as_object(row))
        except FileProblem:  # it will be met again, and told, when the file is read
            if not seen:
                raise
    return list(seen)
