"""Find out what a run would train on: have the version tokenized for the base model, and count."""

import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db.models import Q
from django.db.models.functions import Now
from django.dispatch import receiver

from datasets import caches
from datasets.formats.lengths import DEFAULT_LONGEST
from datasets.models import DatasetVersion, TokenCache
from datasets.signals import version_tokenized
from datasets.tokenizing.model_files import TokenizerNotFound
from datasets.tokenizing.program import PassFailed
from datasets.tokenizing.run import WRITTEN_OTHERWISE
from pipeline.base_models import Place
from pipeline.outages import outage
from training.jobs.data_fits import SILENCE
from training.models import BaseModel, DataFit
from training.trainer.windows import SPLIT
from training.workers.counting import count

logger = logging.getLogger(__name__)

NOT_FOUND = "The stored file of the data set cannot be read ({}). Upload it again."


def check(fit_id: int) -> None:
    """Make a fit that waits, or that has no result; do nothing when another worker is at it."""
    fit = _claim(fit_id)
    if fit is None:
        return
    mine = DataFit.objects.filter(pk=fit.pk, claim=fit.claim, status=DataFit.Status.CHECKING)

    def beat(share: float) -> bool:
        return bool(mine.update(progress=min(99, int(share * 100)), heartbeat_at=Now()))

    try:
        found = measure(fit, on_beat=beat)
    except TokenizerNotFound as error:
        found = {"status": DataFit.Status.UNAVAILABLE, "reason": str(error)}
    except PassFailed as error:
        found = {"status": DataFit.Status.FAILED, "reason": error.problem.reason}
    except OSError as error:
        if outage(error):  # says nothing of the data set: it waits again
            logger.warning("fit %s: put off: %s", fit.pk, error)
            mine.update(status=DataFit.Status.WAITING, nudged_at=Now())
            return
        logger.exception("fit %s: the data set's file cannot be read", fit.pk)
        found = {"status": DataFit.Status.FAILED, "reason": NOT_FOUND.format(error.strerror or error)}
    except Exception:
        reason = "The check failed unexpectedly. The worker's log has the details."
        mine.update(status=DataFit.Status.FAILED, reason=reason)
        raise
    if found is not None:
        mine.update(**found)


def measure(fit: DataFit, *, on_beat: Callable[[float], bool]) -> dict[str, Any] | None:
    """What a run with the fit's settings would train on, as its columns. ``None`` when stopped.

    Raises TokenizerNotFound, PassFailed, OSError.
    """
    cache = caches.cache_for(fit.version, fit.place, on_beat=on_beat)
    return None if cache is None else counted(cache, fit.place, length=fit.length, too_long=fit.too_long)


def counted(cache: TokenCache, place: Place, *, length: int, too_long: str) -> dict[str, Any]:
    """The columns of a fit, by its tokens. Models of one tokenizer share them, and differ in context.

    Raises TokenizerNotFound, OSError.
    """
    limit = min(length, caches.context_at(place) or length)
    is_text = cache.version.options.get("shape") == "text"
    with caches.local(cache.file) as path:
        found = count(path, limit=limit, choice=too_long, is_text=is_text)
    counts: dict[str, int] = cache.findings.get("counts", {})
    refused = cache.findings.get("shown", {}).get("template", [])
    return found.figures() | {
        "cache": cache,
        "status": DataFit.Status.READY,
        "progress": 100,
        "limit": limit,
        "dropped": found.dropped + counts.get("template", 0),
        "lost_count": found.lost_count + counts.get("template", 0),
        "lost": [{name: row[name] for name in ("line", "kind", "reason")} for row in refused] + found.lost,
        "notes": {kind: counts[kind] for kind in WRITTEN_OTHERWISE if kind in counts},
    }


@receiver(version_tokenized)
def _tokenized(sender: object, version: DatasetVersion, place: Place, **_: object) -> None:
    """A validation's own tokens say at once what a run with that model would train on; older fits are void."""
    DataFit.objects.filter(version=version).delete()
    fingerprint = caches.fingerprint_at(place)
    cache = TokenCache.objects.select_related("version").get(version=version, fingerprint=fingerprint)
    found = counted(cache, place, length=DEFAULT_LONGEST, too_long=SPLIT)
    for model in BaseModel.objects.filter(is_active=True):
        if model.place != place and (model.place.folder is None or model.place.folder != place.folder):
            continue
        DataFit.objects.get_or_create(
            version=version, source=model.source, revision=model.revision, length=DEFAULT_LONGEST, too_long=SPLIT,
            defaults=found,
        )  # fmt: skip


def _claim(fit_id: int) -> DataFit | None:
    abandoned = Q(status=DataFit.Status.CHECKING, heartbeat_at__lte=Now() - SILENCE)
    claimed = DataFit.objects.filter(
        ~Q(status__in=[DataFit.Status.CHECKING, DataFit.Status.READY]) | abandoned, pk=fit_id
    ).update(status=DataFit.Status.CHECKING, claim=uuid4(), heartbeat_at=Now(), progress=0, reason="")
    return DataFit.objects.select_related("version").get(pk=fit_id) if claimed else None
