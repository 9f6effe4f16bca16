"""A job's log."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from training.models.job import TrainingJob


class JobLogQuerySet(models.QuerySet[Any]):
    """Logs grow at their end, and are read from it."""

    def append(self, job: Any, lines: Sequence[str]) -> None:
        """Add lines at the end. Rows that hold none of the last KEPT_LINES go, some hundreds at a time."""
        if not lines:
            return
        kept, mine = self.model.KEPT_LINES, self.filter(job=job)
        added = self.create(job=job, text="\n".join(lines), lines=len(lines))
        if added.lines >= kept:
            mine.filter(pk__lt=added.pk).delete()
        elif mine.count() > 2 * kept:  # a row holds at least one line
            mine.filter(pk__lt=mine.order_by("-pk").values_list("pk", flat=True)[kept - 1]).delete()

    def tail(self, job: Any) -> str:
        """The last KEPT_LINES."""
        kept = self.model.KEPT_LINES
        rows = self.filter(job=job).order_by("-pk").values_list("text", flat=True)[:kept]
        return "\n".join("\n".join(reversed(rows)).split("\n")[-kept:])


class JobLog(models.Model):
    """Some lines of a job's log, as they came. The last ones are kept, and read apart from the job."""

    KEPT_LINES = 200
    LONGEST_LINE = 2000
    """Characters; the rest of a line is cut off."""

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="log", db_index=False)
    text = models.TextField()
    lines = models.PositiveIntegerField()

    objects = JobLogQuerySet.as_manager()

    class Meta:
        db_table = "lora_job_logs"
        ordering = ["id"]
        indexes = [models.Index(fields=["job", "id"], name="log_by_job")]

    def __str__(self) -> str:
        return f"{self.lines} lines of {self.job_id}"
