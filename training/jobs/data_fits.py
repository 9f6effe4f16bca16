"""Have it checked what a run would train on, and refuse to start one that would lose rows unasked."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from datasets.models import Dataset
from pipeline.nudges import AGAIN_AFTER, MOST_AT_ONCE, send, send_again
from training.estimates.run_settings import RunSettings
from training.models import DataFit

CHECK = "training.tasks.check_data"
SILENCE = timedelta(seconds=settings.WORKER_SILENCE_SECONDS)
"""After this long without a heartbeat, another worker may take a check over."""
TRY_AGAIN_AFTER = timedelta(minutes=1)
"""A check without a result is made anew when it is asked for later than this."""
LOOK_AGAIN_SECONDS = 2
"""When a client that was told to wait may ask again."""


class BeingChecked(Exception):
    """It is not known yet what the run would train on."""

    def __init__(self, fit: DataFit) -> None:
        super().__init__(
            f"The data set is being checked for this base model ({fit.progress} %). A job can be started when that is "
            "done."
        )
        self.fit = fit


class CheckFailed(Exception):
    """The data set could not be checked for the base model; the message says why."""


class RowsLost(Exception):
    """Rows would not be trained on, and nobody has said to go on without them."""

    def __init__(self, fit: DataFit) -> None:
        super().__init__(
            f"{fit.lost_in_words}. Correct what is lost, choose another base model or sequence length, or confirm that "
            "it is to be left out."
        )
        self.fit = fit


class NothingLeft(Exception):
    """Not one row can be trained on."""

    def __init__(self, fit: DataFit) -> None:
        why = f" Line {fit.lost[0]['line']}: {fit.lost[0]['reason']}" if fit.lost else ""
        super().__init__(f"No row of the data set can be trained on with this base model.{why}")
        self.fit = fit


def wanted(run: RunSettings) -> DataFit | None:
    """What the run would train on; asked for now where nobody has before. ``None``: its data set has no file."""
    fit = run.data_fit
    if fit is None and run.dataset.version_id is not None:
        fit, is_new = DataFit.objects.get_or_create(
            version_id=run.dataset.version_id,
            source=run.base_model.source,
            revision=run.base_model.revision,
            length=run.hyperparameters.max_sequence_length,
            too_long=run.too_long,
        )
        if is_new:
            nudge(fit)
    if fit is not None and fit.status in (DataFit.Status.FAILED, DataFit.Status.UNAVAILABLE):
        _ask_again(fit)
    return fit


def require(run: RunSettings, *, allow_dropped_rows: bool) -> DataFit | None:
    """What the run will train on; ``None`` where only the worker can tell, which looks before the first step.

    Raises BeingChecked, CheckFailed, RowsLost, NothingLeft.
    """
    fit = wanted(run)
    if fit is None or fit.status == DataFit.Status.UNAVAILABLE:
        return None
    if fit.is_open:
        raise BeingChecked(fit)
    if fit.status == DataFit.Status.FAILED:
        raise CheckFailed(fit.reason)
    if not fit.pairs:
        raise NothingLeft(fit)
    if fit.lost_count and not allow_dropped_rows:
        raise RowsLost(fit)
    return fit


def nudge(fit: DataFit) -> None:
    """Tell a worker that it waits."""
    DataFit.objects.filter(pk=fit.pk).update(nudged_at=Now())
    send(CHECK, fit.pk)


def sweep() -> None:
    """Send again what was lost, and have taken over what its worker left."""
    lost = DataFit.objects.unattended(AGAIN_AFTER, SILENCE)[:MOST_AT_ONCE]
    found = list(lost.values_list("pk", flat=True))
    DataFit.objects.filter(pk__in=found).update(nudged_at=Now())
    send_again(CHECK, found, waiting=DataFit.objects.open().count() + Dataset.objects.being_read().count())


def _ask_again(fit: DataFit) -> None:
    """Files may have come meanwhile. The present answer stands until there is another."""
    is_old = Q(nudged_at__isnull=True) | Q(nudged_at__lte=Now() - TRY_AGAIN_AFTER)
    if DataFit.objects.filter(is_old, pk=fit.pk).update(nudged_at=Now()):
        nudge(fit)
