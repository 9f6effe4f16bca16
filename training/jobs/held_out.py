"""Which rows of its data set a job held out for evaluation, found again by the trainer's own rule."""

from pathlib import Path

import pyarrow as pa
from django.conf import settings

from datasets import caches
from datasets.held_out import MOST_HELD_OUT
from datasets.models import DatasetVersion, TokenCache
from datasets.tokenizing.model_files import TokenizerNotFound
from training.models import RunPlan, TrainingJob
from training.trainer.columns import Columns
from training.trainer.step_plan import split
from training.trainer.windows import SPLIT

MOST_CONVERSATIONS = 300_000
"""Of a data set that is split again while somebody waits for a page: about a second's work."""


class NotKnown(Exception):
    """It cannot be told any more, or not here, which rows were held out; the message says why."""


def held_out_lines(job: TrainingJob) -> list[int]:
    """Lines of the held-out rows in the file of the job's version, in order; none where nothing was held out.

    Raises NotKnown.
    """
    version = job.dataset_version
    if version is None:
        raise NotKnown("the job is older than versions of datasets")
    if (version.total_conversations or 0) > MOST_CONVERSATIONS:
        raise NotKnown(f"the dataset has more than {MOST_CONVERSATIONS:,} rows")
    if "evaluation_pairs" not in job.data:
        raise NotKnown("the job has not written down how much it held out")
    pairs = _pairs_by_line(job, version)
    share = settings.EVALUATION_SHARE if job.evaluation_share is None else job.evaluation_share
    _, chosen = split(pairs=list(pairs.values()), share=share, most=MOST_HELD_OUT, seed=job.split_seed)
    lines = list(pairs)
    found = [lines[index] for index in chosen]
    held_out = sum(pairs[line] for line in found)
    counts = {"evaluation_pairs": held_out, "train_pairs": sum(pairs.values()) - held_out}
    if any(job.data.get(name) != count for name, count in counts.items()):
        raise NotKnown("the dataset has been read otherwise since")
    return found


def _pairs_by_line(job: TrainingJob, version: DatasetVersion) -> dict[int, int]:
    plan = RunPlan.objects.filter(pk=job.pk).first()
    try:
        fingerprint, context = caches.fingerprint_at(job.place), caches.context_at(job.place)
    except TokenizerNotFound as error:
        raise NotKnown("the base model's tokenizer is not on this server") from error
    cache = TokenCache.objects.filter(version=version, fingerprint=fingerprint).first()
    if cache is None or not cache.file:
        raise NotKnown("the tokens that it trained on are no longer stored")
    length = job.settings.max_sequence_length
    try:
        with caches.local(cache.file) as path:
            return pairs_by_line(
                path,
                limit=min(length, context or length),
                choice=plan.too_long if plan else SPLIT,
                is_text=version.options.get("shape") == "text",
            )
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise NotKnown("the tokens that it trained on are no longer stored") from error


def pairs_by_line(path: Path, *, limit: int, choice: str, is_text: bool) -> dict[int, int]:
    """Line -> how many of its answers a run learns or holds out, in the file's order; only lines that it takes.

    Args:
        path: of a token cache.
        limit: tokens of the longest sequence.
        choice: what becomes of longer rows (``windows.SPLIT``, ``CUT`` or ``DROP``).
        is_text: its rows are plain text.

    Raises OSError, ArrowInvalid.
    """
    found: dict[int, int] = {}
    with pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for index in range(reader.num_record_batches):
            columns = Columns(reader.get_batch(index), limit)
            whole = columns.is_whole
            for line, pairs in zip(columns.lines[whole].tolist(), columns.pairs[whole].tolist(), strict=True):
                found[line] = found.get(line, 0) + pairs
            for line, _, _, made in columns.apart(choice=choice, is_text=is_text):
                if any(made):
                    found[line] = sum(window.pairs for windows in made for window in windows)
    return dict(sorted(found.items()))
