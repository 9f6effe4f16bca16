"""Rows as the model sees them: chat template applied, what is learned told from what is context."""

from dataclasses import dataclass
from itertools import pairwise

from django.conf import settings

from datasets import caches
from datasets.formats.lengths import DEFAULT_LONGEST
from datasets.models import Dataset, TokenCache
from datasets.tokenizing.cache import CachedRow, read_rows
from datasets.tokenizing.model_files import TokenizerNotFound, fingerprint
from datasets.tokenizing.tokens import ChatTokenizer, chat_tokenizer
from pipeline.base_models import Place

ROW_TOKENS_SHOWN = 4000


@dataclass(frozen=True)
class Segment:
    text: str
    is_trained: bool
    is_beyond: bool
    """It stands beyond the longest sequence."""


@dataclass(frozen=True)
class PreviewRow:
    line: int
    tokens: int
    trained: int
    segments: list[Segment]
    hidden: int
    """Tokens at the end that are not shown."""


@dataclass(frozen=True)
class Preview:
    rows: list[PreviewRow]
    total: int
    problem: str = ""


def usual_length() -> int:
    """Tokens of the longest sequence that a run with the model that counts takes, unless it is told otherwise."""
    try:
        context = caches.context_at(Place(settings.TOKENIZER))
    except TokenizerNotFound:
        context = None
    return min(DEFAULT_LONGEST, context or DEFAULT_LONGEST)


def preview(dataset: Dataset, *, start: int, count: int, length: int) -> Preview:
    """Rows from position ``start`` on as the model sees them, learned parts apart, told where ``length`` tokens end."""
    try:
        model = caches.tokenizer_folder(Place(settings.TOKENIZER))
        cache = TokenCache.objects.filter(version=dataset.version_id, fingerprint=fingerprint(model)).first()
        if cache is None or dataset.version is None:
            return Preview([], 0, "The file was read with a different tokenizer. Read it again for a preview.")
        with cache.file.open("rb") as file:
            rows, total = read_rows(file, start, count)
        tokenizer = chat_tokenizer(model, dataset.version.rendered_on)
    except TokenizerNotFound as error:
        return Preview([], 0, str(error))
    except FileNotFoundError:
        return Preview([], 0, "The tokens are no longer in storage. Read the file again for a preview.")
    return Preview([_preview_row(row, tokenizer, length) for row in rows], total)


def _preview_row(row: CachedRow, tokenizer: ChatTokenizer, length: int) -> PreviewRow:
    shown = min(len(row.ids), ROW_TOKENS_SHOWN)
    edges = sorted({0, shown, *(edge for edge in (*row.spans, length) if edge < shown)})
    learned = list(zip(row.spans[::2], row.spans[1::2], strict=True))
    segments = [
        Segment(
            text=tokenizer.decode(row.ids[begin:end]),
            is_trained=any(first <= begin < last for first, last in learned),
            is_beyond=begin >= length,
        )
        for begin, end in pairwise(edges)
    ]
    trained = sum(last - first for first, last in learned)
    return PreviewRow(row.line, len(row.ids), trained, segments, len(row.ids) - shown)
