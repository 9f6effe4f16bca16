"""Running totals of jobs and of their history, so that nobody has to count years of rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Sum

CLAIM_EDGES = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
"""Seconds, inclusive: by these the database sorts how long a job waited for its worker (migration 0015)."""

COMPACTED = """
WITH taken AS (DELETE FROM lora_tallies RETURNING series, labels, count, seconds)
INSERT INTO lora_tallies (series, labels, count, seconds)
SELECT series, labels, sum(count), sum(seconds) FROM taken GROUP BY series, labels HAVING sum(count) <> 0
"""


@dataclass(frozen=True, kw_only=True)
class Total:
    """``seconds``: of what was counted together, where it takes time."""

    count: int
    seconds: float


class TallyQuerySet(models.QuerySet[Any]):
    """Rows of one series and one set of labels are to be added up."""

    MOST_ROWS = 1000
    """When there are more, they are added up in the table itself."""

    def totals(self) -> dict[str, dict[tuple[str, ...], Total]]:
        """By series and labels. One query, so all of one moment."""
        found: dict[str, dict[tuple[str, ...], Total]] = {series: {} for series in Tally.Series.values}
        for row in self.values("series", "labels").annotate(total=Sum("count"), time=Sum("seconds")):
            found[row["series"]][tuple(row["labels"])] = Total(count=row["total"], seconds=row["time"])
        return found

    def by_gpu(self, statuses: Iterable[str]) -> dict[str, int]:
        """How many jobs stand in one of these statuses, by GPU type."""
        rows = self.filter(series=Tally.Series.JOBS, labels__0__in=list(statuses))
        counts = rows.values_list("labels__1").annotate(total=Sum("count"))
        return {gpu: total for gpu, total in counts if total}

    def compact(self) -> None:
        """Add up what has come since the last time, once it is much. Readers see the rows before or those after."""
        if self.count() > self.MOST_ROWS:
            with connection.cursor() as cursor:
                cursor.execute(COMPACTED)


class Tally(models.Model):
    """A change of a running total. Triggers of the database write it with the row that it counts (migration 0015).

    Nobody updates a row that another transaction would wait for: changes are added at the end, and the sweep adds them
    up. Jobs are counted as they stand, so a deleted one is taken off. Events stay counted when they are deleted: what
    has happened has happened. Whoever copies rows into the tables of jobs and events *and* into this one (a restore)
    must keep the triggers from counting a second time.
    """

    class Series(models.TextChoices):
        JOBS = "jobs", "Jobs by status, GPU type and error code"
        MOVES = "moves", "Events by status before and after"
        CLAIMS = "claims", "Claims by the edge that the wait before was up to, and the seconds waited"

    series = models.CharField(max_length=8, choices=Series)
    labels = ArrayField(models.TextField())
    count = models.BigIntegerField()
    seconds = models.FloatField(default=0.0)

    objects = TallyQuerySet.as_manager()

    class Meta:
        db_table = "lora_tallies"

    def __str__(self) -> str:
        return f"{self.count:+d} {self.series} {' '.join(self.labels)}"
