"""What became of the jobs, by their rows and by the trainers' own journal."""

import json
from collections import Counter
from itertools import pairwise

from django.conf import settings

from tests.chaos.findings import Findings
from training.core import status
from training.models import JobEvent, TrainingJob


def look(created: list[str], requests: int) -> Findings:
    """Hold what there is against what was answered with 201."""
    jobs = list(TrainingJob.objects.all())
    statuses = Counter(job.status for job in jobs)
    starts = [line for line in _journal() if line["event"] == "start"]
    at_once = [line for line in starts if not line["exclusive"]]
    completed = [job for job in jobs if job.status == status.COMPLETED]
    wrong_steps = [job for job in completed if not _has_its_steps(job)]
    without_adapter = [job for job in completed if job.artifacts.count() != 1]
    lost = set(created) - {str(job.pk) for job in jobs}
    broken_histories = [job for job in jobs if not is_chain(list(job.events.order_by("id")))]
    recoveries = JobEvent.objects.filter(from_status__in=status.CLAIMED, to_status=status.QUEUED).count()
    failed = Counter(job.error_code for job in jobs if job.status == status.FAILED)
    return Findings(
        figures=[
            f"requests to create: {requests}; answered with 201: {len(created)}; jobs: {len(jobs)}",
            "jobs by status: " + ", ".join(f"{n} {name}" for name, n in sorted(statuses.items())),
            *([f"failed by code: {dict(failed)}"] if failed else []),
            f"trainers started: {len(starts)}; at the same time as another of their job: {len(at_once)}",
            f"returned to the queue: {recoveries}; most attempts of a job: {max(job.attempt for job in jobs)}",
            f"completed with other than exactly their steps: {len(wrong_steps)}",
        ],
        broken={
            f"jobs lost: {lost}": bool(lost),
            f"{len(jobs)} jobs of {len(created)} requests": len(jobs) != len(created),
            f"trainers of one job at once: {at_once}": bool(at_once),
            f"wrong steps: {wrong_steps}": bool(wrong_steps),
            f"not one adapter: {without_adapter}": bool(without_adapter),
            f"histories with a gap: {broken_histories}": bool(broken_histories),
            "no job was completed": not completed,
        },
    )


def _journal() -> list[dict[str, object]]:
    path = settings.RUNS_DIR / "trainers.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _has_its_steps(job: TrainingJob) -> bool:
    steps = list(job.metrics.values_list("step", flat=True))
    return steps == list(range(1, job.total_steps + 1)) and job.current_step == job.total_steps


def is_chain(events: list[JobEvent]) -> bool:
    """Whether each event starts where the one before ended, and attempts only count up."""
    return all(
        before.to_status == after.from_status and before.attempt <= after.attempt for before, after in pairwise(events)
    )
