"""Training jobs and their history, what they run on, and what they produce."""

from training.models.calibration import RunMeasurement
from training.models.catalogue import MAX_GPUS, BaseModel, GpuType, gpu_queue
from training.models.jobs import TrainingJob
from training.models.plan import RunPlan
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
    "RunMeasurement",
    "RunPlan",
    "TrainingJob",
    "Worker",
    "gpu_queue",
]
