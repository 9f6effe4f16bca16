"""How a job stands, as its page says it."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from training.core import status
from training.jobs.waiting import Waiting
from training.models import TrainingJob


def epoch(job: TrainingJob) -> int | None:
    """The epoch that it is in, counted from 1; of a job that has ended, the last that it was in.

    The job's own ``current_epoch`` counts the epochs that are done. ``None`` before the first begins.
    """
    if not job.current_step and job.status != status.RUNNING:
        return None
    step = job.current_step if job.status in status.FINAL else min(job.current_step + 1, job.total_steps)
    return -(-step * job.total_epochs // job.total_steps)


def duration(job: TrainingJob) -> str:
    """How long it has been worked on."""
    if job.started_at is None:
        return ""
    return _in_words(((job.finished_at or timezone.now()) - job.started_at).total_seconds())


def outcome(job: TrainingJob) -> dict[str, Any]:
    """What a list says of what came of it: what is not known yet is ``None``."""
    seconds = job.duration_seconds if job.started_at else None
    return {
        "took": None if seconds is None else _in_words(seconds),
        "loss": job.final_metrics.get("loss"),
        "evaluation_loss": job.final_metrics.get("evaluation_loss"),
    }


def time_left(job: TrainingJob) -> str:
    """Until its last step is done, at the pace of the last ones."""
    if job.expected_finish_at is None:
        return ""
    return _in_words(max(0.0, (job.expected_finish_at - timezone.now()).total_seconds()))


def expected_start(place: Waiting) -> str:
    """When a queued job will start, with its doubt: "between 14:05 and 14:40"; nothing where nobody knows."""
    low, at, high = place.expected_start_low, place.expected_start_at, place.expected_start_high
    if low is None or at is None or high is None:
        return ""
    if high <= timezone.now():
        return "now"
    first, last = _clock(low), _clock(high)
    return f"at about {_clock(at)}" if first == last else f"between {first} and {last}"


def own_ahead(place: Waiting) -> list[TrainingJob]:
    """The user's own jobs that come before a queued one, the next to start first."""
    found = TrainingJob.objects.select_related("dataset").in_bulk(place.own_ahead) if place.own_ahead else {}
    return [found[pk] for pk in place.own_ahead if pk in found]


def _clock(at: datetime) -> str:
    """ "14:05", with the day where that is not today's; "now" of what is past."""
    if at <= timezone.now():
        return "now"
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local:%-d %b, %H:%M}"


def _in_words(seconds: float) -> str:
    """To the second while that matters: "46 s", "12 min 3 s", "5 h 20 min"."""
    whole = int(seconds)
    minutes, hours = whole // 60, whole // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
