"""What a run would train on, as the configure page and the JSON API tell it."""

from dataclasses import dataclass
from typing import Any

from datasets.formats.problems import KINDS, SHOWN
from datasets.web.reports import Group, grouped
from training.estimates.run_settings import RunSettings
from training.jobs import data_fits
from training.models import TOO_LONG, DataFit

REFUSALS = (data_fits.BeingChecked, data_fits.CheckFailed, data_fits.RowsLost, data_fits.NothingLeft)
"""Why a job is not started on its data."""
FIRST = 3
"""Reasons for lost rows that are shown without being asked for."""


@dataclass(frozen=True, kw_only=True)
class CheckedData:
    """The check of a data set for a run, whatever has come of it."""

    run: RunSettings
    fit: DataFit
    obstacle: str
    """Why no job is started with it now; empty where nothing is in the way."""

    look_again_seconds = data_fits.LOOK_AGAIN_SECONDS

    @property
    def sequence_length(self) -> int:
        """Tokens of the longest sequence, the model's own context considered as far as it is known."""
        chosen = self.run.hyperparameters.max_sequence_length
        is_shorter = self.fit.is_ready and self.fit.limit < self.fit.length
        return min(chosen, self.fit.limit) if is_shorter else chosen

    @property
    def too_long(self) -> str:
        """What becomes of conversations longer than the longest sequence, in words."""
        return TOO_LONG[self.run.too_long]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What was done to conversations to have the template take them."""
        return [{"kind": kind, "title": _title(kind), "count": count} for kind, count in self.fit.notes.items()]

    @property
    def can_go_on_without(self) -> bool:
        """Rows are lost, but not all: a job may be started once that is confirmed."""
        return self.fit.is_ready and bool(self.fit.lost_count and self.fit.pairs)

    @property
    def lost(self) -> list[Group]:
        """Lost rows that are listed, those with the same reason together."""
        return grouped(self.fit.lost[:SHOWN])

    @property
    def first_lost(self) -> list[Group]:
        """Shown at once."""
        return self.lost[:FIRST]

    @property
    def more_lost(self) -> list[Group]:
        """Shown when asked for."""
        return self.lost[FIRST:]

    @property
    def unlisted(self) -> int:
        """Lost rows that are only counted."""
        return self.fit.lost_count - len(self.fit.lost[:SHOWN])


def checked_data(run: RunSettings) -> CheckedData | None:
    """What the run would train on, asked for now where nobody has before; its estimate is then of that.

    ``None``: the data set cannot be trained on yet, or has no file.
    """
    if not run.dataset.is_trainable:
        return None
    obstacle = ""
    try:
        fit = data_fits.require(run, allow_dropped_rows=False)
    except REFUSALS as error:
        fit, obstacle = getattr(error, "fit", None), str(error)
    fit = fit or run.data_fit  # one without a result
    return CheckedData(run=run, fit=fit, obstacle=obstacle) if fit else None


def fit_data(checked: CheckedData) -> dict[str, Any]:
    """The check in the API's shape; what is not known yet is ``None``."""
    fit = checked.fit
    counts = ("conversations", "dropped", "pairs", "tokens", "trained_tokens", "truncated")
    return {
        "status": fit.status,
        "progress": fit.progress,
        "reason": fit.reason,
        "sequence_length": checked.sequence_length,
        **{name: getattr(fit, name) if fit.is_ready else None for name in counts},
        "lost": lost_data(fit) if fit.is_ready else None,
        "notes": checked.notes,
    }


def lost_data(fit: DataFit) -> dict[str, Any]:
    """The rows that would be lost, or a part of their answers: all counted, the first listed."""
    return {
        "count": fit.lost_count,
        "reasons": {row["kind"]: _title(row["kind"]) for row in fit.lost},
        "lines": fit.lost[:SHOWN],
    }


def _title(kind: str) -> str:
    return KINDS[kind][1] if kind in KINDS else kind
