"""Finished runs with what they measured, for tests."""

from decimal import Decimal

from training.core.presets import PRESETS
from training.estimates import measurements
from training.jobs.start import JobRequest, job_submit
from training.models import GpuType
from training.trainer.protocol import Measured

GIB = 1024**3


def start(user, dataset, gpu="H100"):
    """The Balanced preset on one GPU."""
    request = JobRequest(
        dataset=dataset,
        preset_id="balanced",
        gpu_type=GpuType.objects.get(name=gpu),
        gpu_count=1,
        hyperparameters=PRESETS["balanced"].hyperparameters,
    )
    return job_submit(request, user=user)


def measured(**changes):
    values = {
        "tokens_per_second": 900.0,
        "seconds_per_step": 1.0,
        "startup_seconds": 60.0,
        "evaluation_seconds": 90.0,
        "saving_seconds": 10.0,
        "peak_memory_bytes": 3 * GIB,
        "reserved_memory_bytes": 4 * GIB,
        "steps": 750,
        "micro_batch_size": 2,
        "longest_sequence": 890,
    }
    return Measured(**values | changes)


def record(job, device="cuda", device_name="NVIDIA H100 80GB HBM3", cost="1.20", **changes):
    """As its worker does when the job's last step is done."""
    job.device, job.device_name = device, device_name
    job.save(update_fields=["device", "device_name"])
    measurements.record(job, measured(**changes), cost=Decimal(cost))
    job.refresh_from_db()
    return job.measurement
