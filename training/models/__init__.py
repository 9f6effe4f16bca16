"""Training jobs and their history, what they run on, and what they produce."""

from training.models.catalogue import MAX_GPUS, BaseModel, GpuType, gpu_queue
from training.models.jobs import TrainingJob
from training.models.records import Artifact, IdempotencyKey, JobEvent, JobMetric
from training.models.workers import Worker

__all__ = [
    "MAX_GPUS",
    "Artifact",
    "BaseModel",
    "GpuType",
    "IdempotencyKey",
    "JobEvent",
    "JobMetric",
    "TrainingJob",
    "Worker",
    "gpu_queue",
]
