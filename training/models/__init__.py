"""Training jobs and their history, what they run on, and what they produce."""

from training.models.artifact import Artifact
from training.models.base_model import BaseModel
from training.models.data_fit import TOO_LONG, DataFit
from training.models.deletion import JobDeletion
from training.models.event import JobEvent
from training.models.gpu_type import MAX_GPUS, GpuType, gpu_queue
from training.models.idempotency_key import IdempotencyKey
from training.models.job import TrainingJob
from training.models.log import JobLog
from training.models.measurement import RunMeasurement
from training.models.metric import JobMetric
from training.models.revision import Revision
from training.models.run_plan import RunPlan
from training.models.tally import CLAIM_EDGES, Tally, Total
from training.models.worker import Worker

__all__ = [
    "CLAIM_EDGES",
    "MAX_GPUS",
    "TOO_LONG",
    "Artifact",
    "BaseModel",
    "DataFit",
    "GpuType",
    "IdempotencyKey",
    "JobDeletion",
    "JobEvent",
    "JobLog",
    "JobMetric",
    "Revision",
    "RunMeasurement",
    "RunPlan",
    "Tally",
    "Total",
    "TrainingJob",
    "Worker",
    "gpu_queue",
]
