"""Read an uploaded file from end to end: is every row usable, how many pairs and tokens are there?"""

import logging
import time
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from datasets.formats import READERS, Conversation, RowError
from datasets.formats.lengths import Lengths
from datasets.models import Dataset
from datasets.tokens import ChatTokenizer, TokenizerNotFound, chat_tokenizer
from notifications.models import Notification

logger = logging.getLogger(__name__)

SILENCE = timedelta(seconds=60)
"""After this long without a heartbeat, another worker may take the validation over."""
ERRORS_SHOWN = 100
ROWS_AT_ONCE = 256
BEAT_SECONDS = 1.0


class Findings:
    """What has been found in a file so far."""

    def __init__(self) -> None:
        self.conversations = self.pairs = self.tokens = self.error_count = 0
        self.errors: list[dict[str, object]] = []
        self.lengths = Lengths()

    def add_error(self, line: int | None, reason: str) -> None:
        self.error_count += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append({"line": line, "reason": reason})

    def add(self, conversations: list[Conversation], tokenizer: ChatTokenizer) -> None:
        try:
            self._add_lengths(tokenizer.count([conversation.messages for conversation in conversations]))
        except ValueError:  # the chat template refuses one of them: find out which
            for conversation in conversations:
                try:
                    self._add_lengths(tokenizer.count([conversation.messages]))
                except ValueError as error:
                    self.add_error(conversation.line, f"{error}.")
        self.conversations += len(conversations)
        self.pairs += sum(conversation.pairs for conversation in conversations)

    def _add_lengths(self, lengths: list[int]) -> None:
        self.tokens += sum(lengths)
        self.lengths.add(lengths)


def validate(dataset_id: UUID) -> None:
    """Validate a data set that waits for it; do nothing when it does not, or when another worker is at it."""
    dataset = _claim(dataset_id)
    if dataset is None:
        return
    findings = Findings()
    try:
        tokenizer = chat_tokenizer(tokenizer_directory())
        with dataset.file.open("rb") as file:
            _read(file, dataset, tokenizer, findings)
    except TokenizerNotFound as error:
        findings.add_error(None, str(error))
    except OSError as error:
        logger.exception("data set %s: its file cannot be read", dataset.pk)
        findings.add_error(None, f"The stored file cannot be read ({error.strerror or error}). Upload it again.")
    except Exception:
        findings.add_error(None, "Validation failed unexpectedly. The worker's log has the details.")
        _finish(dataset, findings)
        raise
    _finish(dataset, findings)


def tokenizer_directory() -> Path:
    """The folder of the model whose tokenizer counts: in the models directory, or anywhere by its absolute path."""
    return settings.MODELS_DIR / settings.TOKENIZER


def _claim(dataset_id: UUID) -> Dataset | None:
    now = timezone.now()
    waiting = Q(status=Dataset.Status.UPLOADED)
    abandoned = Q(status=Dataset.Status.VALIDATING, heartbeat_at__lte=now - SILENCE)
    claimed = Dataset.objects.filter(waiting | abandoned, pk=dataset_id).update(
        status=Dataset.Status.VALIDATING, heartbeat_at=now, updated_at=now, progress=0
    )
    return Dataset.objects.get(pk=dataset_id) if claimed else None


def _read(file: IO[bytes], dataset: Dataset, tokenizer: ChatTokenizer, findings: Findings) -> None:
    rows = READERS[dataset.format](file)
    next_beat = time.monotonic() + BEAT_SECONDS
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        for row in batch:
            if isinstance(row, RowError):
                findings.add_error(row.line, row.reason)
        findings.add([row for row in batch if isinstance(row, Conversation)], tokenizer)
        if time.monotonic() >= next_beat:
            next_beat = time.monotonic() + BEAT_SECONDS
            _beat(dataset, progress=min(99, file.tell() * 100 // max(1, dataset.file_size)))
    if not findings.conversations and not findings.error_count:
        findings.add_error(None, "The file holds no conversation.")


def _beat(dataset: Dataset, *, progress: int) -> None:
    Dataset.objects.filter(pk=dataset.pk, status=Dataset.Status.VALIDATING).update(
        progress=progress, heartbeat_at=timezone.now()
    )


def _finish(dataset: Dataset, findings: Findings) -> None:
    """Write the result and tell the user, both or neither."""
    is_usable = findings.error_count == 0
    with transaction.atomic():
        written = Dataset.objects.filter(pk=dataset.pk, status=Dataset.Status.VALIDATING).update(
            status=Dataset.Status.READY if is_usable else Dataset.Status.ERROR,
            training_ready=is_usable,
            progress=100,
            total_conversations=findings.conversations,
            total_training_pairs=findings.pairs,
            total_tokens=findings.tokens,
            length_histogram=findings.lengths.histogram(),
            longest_tokens=findings.lengths.longest or None,
            tokenizer=Path(settings.TOKENIZER).name,
            error_count=findings.error_count,
            error_report=findings.errors,
            updated_at=timezone.now(),
        )
        if written:
            _notify(dataset, findings)


def _notify(dataset: Dataset, findings: Findings) -> None:
    if findings.error_count == 0:
        type_, title, priority = Notification.Type.DATASET_READY, "Dataset Ready", Notification.Priority.LOW
        message = (
            f"“{dataset.name}” is ready: {findings.conversations:,} conversations, {findings.pairs:,} training pairs, "
            f"{findings.tokens:,} tokens"
        )
    else:
        type_, title, priority = (
            Notification.Type.DATASET_ERROR,
            "Dataset Has Errors",
            Notification.Priority.HIGH,
        )
        problems = "1 problem" if findings.error_count == 1 else f"{findings.error_count:,} problems"
        message = f"“{dataset.name}” cannot be trained on yet: {problems} found"
    Notification.objects.create(
        user_id=dataset.user_id,
        type=type_,
        title=title,
        message=message,
        priority=priority,
        action_url=dataset.get_absolute_url(),
        metadata={"dataset_id": str(dataset.pk), "dataset_name": dataset.name},
    )
