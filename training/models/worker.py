"""The worker processes that run jobs."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Now

from training.core.gpu_names import CUDA
from training.models.gpu_type import GPU_QUEUE


class WorkerQuerySet(models.QuerySet[Any]):
    """Workers, by whether they are there and what they serve."""

    ALIVE = timedelta(seconds=20)
    """Longer than a few of the reports that a worker makes every five seconds."""

    def alive(self) -> "WorkerQuerySet":
        """Heard of just now."""
        return self.filter(last_seen_at__gte=Now() - self.ALIVE)

    def serving(self, queue: str) -> "WorkerQuerySet":
        """Those that take messages from that queue."""
        return self.filter(queues__contains=[queue])


class Worker(models.Model):
    """A Celery worker process, as it last reported itself."""

    name = models.CharField(max_length=120, unique=True, help_text="Its Celery node name: gpu@host.")
    host = models.CharField(max_length=120)
    device = models.CharField(max_length=16, blank=True, help_text="What its trainers run on: cuda or cpu.")
    device_name = models.CharField(max_length=120, blank=True)
    gpu_count = models.PositiveSmallIntegerField(default=0, help_text="GPUs on the host; 0 without.")
    queues = models.JSONField(default=list, help_text="The queues it serves.")
    base_models = models.JSONField(
        default=list, help_text="Names of the base models that it can load without fetching them."
    )
    may_fetch = models.BooleanField(default=False, help_text="It may fetch base models from the hub.")
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        db_table = "lora_workers"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def trains(self) -> bool:
        """It runs training jobs, rather than data sets' checks or sweeps."""
        return any(queue.startswith(GPU_QUEUE) for queue in self.queues)

    def has_room_for(self, gpu_count: int) -> bool:
        """Whether a job of that many GPUs can run there; a CPU stands in for any number of them."""
        return self.device != CUDA or gpu_count <= self.gpu_count
