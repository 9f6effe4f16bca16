"""Jobs, and what workers do with them, as this folder's tests need them."""

import pytest

from training.core.presets import PRESETS
from training.jobs import lifecycle
from training.jobs.start import JobRequest, job_submit
from training.models import Artifact, GpuType, TrainingJob


@pytest.fixture
def make_job(user, dataset):
    def make(**changes):
        values = {
            "dataset": dataset,
            "preset_id": "balanced",
            "gpu_type": GpuType.objects.get(name="H100"),
            "gpu_count": 1,
            "hyperparameters": PRESETS["balanced"].hyperparameters,
        } | changes
        return job_submit(JobRequest(**values), user=user)

    return make


@pytest.fixture
def job(make_job):
    return make_job()


def claim(job, worker="w1"):
    return lifecycle.claim(TrainingJob.objects.filter(pk=job.pk), worker=worker)


def adapter(job, kind=Artifact.Kind.ADAPTER):
    return Artifact(job=job, kind=kind, file="adapters/a.zip", file_name="a.zip", size=1, sha256="0" * 64)
