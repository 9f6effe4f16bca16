"""Checks of a data set for a base model, as a worker would have left them."""

from django.utils import timezone

from datasets.formats.lengths import DEFAULT_LONGEST
from training.models import BaseModel, DataFit

READY = {
    "status": "ready", "progress": 100, "limit": DEFAULT_LONGEST, "conversations": 900, "pairs": 1000,
    "sequences": 900, "tokens": 200_000, "trained_tokens": 90_000, "longest": 890, "longest_uncut": 890,
    "histogram": {"bounds": [1024], "counts": [900], "tokens": [200_000]},
}  # fmt: skip


def lost(*lines, kind="template", reason="The template takes no system message."):
    return [{"line": line, "kind": kind, "reason": reason} for line in lines]


def put(dataset, *, model=None, length=DEFAULT_LONGEST, too_long="split", **changes):
    """The check for a model (the default one) at a length, in place of the one there is."""
    model = model or BaseModel.objects.get(is_default=True)
    values = {"nudged_at": timezone.now()} | changes
    fit, _ = DataFit.objects.update_or_create(
        version=dataset.version, source=model.source, revision=model.revision, length=length, too_long=too_long,
        defaults=values,
    )  # fmt: skip
    return fit


def ready(dataset, **changes):
    return put(dataset, **READY | changes)
