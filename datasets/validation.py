"""Have a data set's file read through: claim it, follow the program that reads it, write down what it found."""

import logging
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import F, Q
from django.utils import timezone

from datasets import caches
from datasets.formats.problems import ERROR, FATAL, Problem
from datasets.models import Dataset, DatasetVersion
from datasets.models.querysets import DatasetQuerySet
from datasets.notices import notify
from datasets.signals import version_tokenized
from datasets.tokenizing.findings import Findings
from datasets.tokenizing.model_files import TokenizerNotFound
from datasets.tokenizing.program import PassFailed, Result
from pipeline.base_models import Place
from pipeline.outages import outage

logger = logging.getLogger(__name__)

SILENCE = timedelta(seconds=settings.WORKER_SILENCE_SECONDS)
"""After this long without a heartbeat, another worker may take the validation over."""
MOST_TRIES = 3
"""A file that its worker died of so often is read no more."""


def validate(dataset_id: UUID) -> None:
    """Validate a data set that waits for it; do nothing when it does not, or when another worker is at it."""
    dataset = _claim(dataset_id)
    if dataset is None or dataset.version is None:
        return
    version: DatasetVersion = dataset.version
    if dataset.tries > MOST_TRIES:
        reason = f"The worker reading the file died {MOST_TRIES} times. Its log may say more."
        _give_up(dataset, version, Problem("unreadable", None, reason))
        return
    try:
        result = _read(dataset, version)
    except PassFailed as error:
        _give_up(dataset, version, _advised(error.problem))
    except TokenizerNotFound as error:
        _give_up(dataset, version, _advised(Problem("tokenizer", None, str(error))))
    except (OSError, OperationalError, InterfaceError) as error:
        if outage(error):
            _leave(dataset, error)
            return
        logger.exception("data set %s: its file cannot be read", dataset.pk)
        reason = f"The stored file cannot be read ({getattr(error, 'strerror', None) or error}). Upload it again."
        _give_up(dataset, version, Problem("unreadable", None, reason))
    except Exception:
        reason = "Validation failed unexpectedly. The worker's log has the details."
        _give_up(dataset, version, Problem("unreadable", None, reason))
        raise
    else:
        if result is not None:
            _finish(dataset, version, result.findings)


def _advised(problem: Problem) -> Problem:
    """With what to do where there is no tokenizer."""
    if problem.kind != "tokenizer":
        return problem
    advice = "Run make install, or set PIPELINE_TOKENIZER to the folder of a model."
    return replace(problem, reason=f"{problem.reason} {advice}")


def _claim(dataset_id: UUID) -> Dataset | None:
    now = timezone.now()
    waiting = Q(status=Dataset.Status.UPLOADED)
    abandoned = Q(status=Dataset.Status.VALIDATING, heartbeat_at__lte=now - SILENCE)
    claimed = Dataset.objects.filter(waiting | abandoned, pk=dataset_id, deleted_at__isnull=True).update(
        status=Dataset.Status.VALIDATING,
        heartbeat_at=now,
        updated_at=now,
        progress=0,
        claim=uuid4(),
        tries=F("tries") + 1,
    )
    return Dataset.objects.select_related("version").get(pk=dataset_id) if claimed else None


def _read(dataset: Dataset, version: DatasetVersion) -> Result | None:
    """``None`` when it was cancelled, or another worker has taken it over."""
    place = Place(settings.TOKENIZER)
    model = caches.tokenizer_folder(place)

    def beat(share: float) -> bool:
        return _beat(dataset, share)

    with caches.alone(version, model, beat) as is_alone, caches.local(version.file) as path:
        result = caches.read_version(version, path, model, on_beat=beat, choice=dataset.reading) if is_alone else None
        if result is not None:
            kept = caches.store(version, result, tokenizer=Path(place.source).name, is_validation=True)
            if kept is None:
                return None
            version_tokenized.send_robust(DatasetVersion, version=version, place=place)
    return result


def _beat(dataset: Dataset, share: float) -> bool:
    """Write down a sign of life; ``False`` when the validation is no longer wanted, or no longer ours."""
    return bool(_mine(dataset).update(progress=min(99, int(share * 100)), heartbeat_at=timezone.now()))


def _mine(dataset: Dataset) -> DatasetQuerySet:
    return Dataset.objects.filter(pk=dataset.pk, status=Dataset.Status.VALIDATING, claim=dataset.claim)


def _leave(dataset: Dataset, error: Exception) -> None:
    """It waits again, as if nobody had tried: a full disk or a database that is away says nothing of the file."""
    logger.warning("data set %s: put off: %s", dataset.pk, error)
    close_old_connections()
    _mine(dataset).update(status=Dataset.Status.UPLOADED, tries=F("tries") - 1, progress=0, nudged_at=timezone.now())


def _give_up(dataset: Dataset, version: DatasetVersion, problem: Problem) -> None:
    findings = Findings()
    findings.add(problem)
    _finish(dataset, version, findings)


def _finish(dataset: Dataset, version: DatasetVersion, findings: Findings) -> None:
    """Write the result and tell the user, both or neither."""
    errors = findings.count(ERROR) + findings.count(FATAL)
    is_usable = errors == 0
    with transaction.atomic():
        written = _mine(dataset).update(
            status=Dataset.Status.READY if is_usable else Dataset.Status.ERROR,
            training_ready=is_usable,
            progress=100,
            format=version.options.get("shape", dataset.format),
            total_rows=findings.rows,
            total_conversations=findings.conversations,
            total_training_pairs=findings.pairs,
            total_turns=findings.turns,
            total_tokens=findings.tokens,
            trained_tokens=findings.trained_tokens,
            duplicate_count=findings.duplicates,
            length_histogram=findings.lengths.histogram(),
            longest_tokens=findings.lengths.longest or None,
            tokenizer=Path(settings.TOKENIZER).name,
            is_complete=findings.is_complete,
            error_count=errors,
            warning_count=findings.warnings,
            left_out_count=0,
            problem_counts=findings.counts,
            error_report=[_as_json(problem) for problems in findings.shown.values() for problem in problems],
            updated_at=timezone.now(),
        )
        if written:
            DatasetVersion.objects.filter(pk=version.pk).update(
                total_conversations=findings.conversations,
                total_training_pairs=findings.pairs,
                total_tokens=findings.tokens,
            )
            notify(dataset, findings)


def _as_json(problem: Problem) -> dict[str, object]:
    return asdict(problem) | {"severity": problem.severity}
