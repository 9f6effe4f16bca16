"""A run out of memory is told what would fit, even where the prediction had been that it fits."""

import pytest

from tests.training.conftest import claim
from training.estimates.memory_advice import what_would_fit
from training.jobs import lifecycle
from training.models import BaseModel, GpuType

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing_job(make_job):
    """A job on the smallest card that it was predicted to fit into, running there."""

    def make(device="cuda"):
        model = BaseModel.objects.filter(parameters__gt=6_000_000_000, parameters__lt=9_000_000_000).first()
        job = make_job(base_model=model, gpu_type=GpuType.objects.get(name="A100-40GB"), allow_oom=True)
        mine = claim(job)
        lifecycle.start_running(mine, device=device, device_name="NVIDIA A100-SXM4-40GB")
        return mine

    return make


def test_what_would_fit_is_named_with_a_larger_card(failing_job):
    advice = what_would_fit(failing_job())
    assert advice.startswith("Predicted to fit, judging by this failure: ")
    assert "Gradient checkpointing" in advice
    assert "A larger card: " in advice


def test_of_a_cpu_there_is_nothing_to_say(failing_job):
    assert what_would_fit(failing_job("cpu")) == ""


def test_of_a_gpu_no_longer_on_offer_there_is_nothing_to_say(failing_job):
    job = failing_job()
    GpuType.objects.filter(name="A100-40GB").update(is_active=False)
    assert what_would_fit(job) == ""
