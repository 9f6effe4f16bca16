"""What an attempt writes at its end: measurements never fail a run, and a lost claim leaves nothing behind."""

from decimal import Decimal

import pytest

from tests.training.conftest import adapter, claim
from tests.training.measured import measured
from training.jobs import lifecycle
from training.models import RunMeasurement, TrainingJob
from training.workers.attempt import Attempt, ClaimLost

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(job, settings, tmp_path):
    settings.RUNS_DIR, settings.MEDIA_ROOT = tmp_path / "runs", tmp_path / "media"
    mine = claim(job)
    lifecycle.start_running(mine, device="cuda", device_name="NVIDIA H100 80GB HBM3")
    return Attempt(mine)


def test_what_a_run_measured_is_kept(attempt):
    attempt.report.measured = measured()
    attempt._keep_measurement(Decimal(1))
    assert RunMeasurement.objects.get().tokens_per_second == 900


@pytest.mark.parametrize(
    "figures",
    [{"peak_memory_bytes": 2**70}, {"steps": -1}, {"tokens_per_second": float("nan")}, {"micro_batch_size": None}],
    ids=str,
)
def test_figures_that_cannot_be_recorded_do_not_fail_a_run_that_is_done(attempt, figures):
    attempt.report.measured = measured(**figures)
    attempt._keep_measurement(Decimal(1))
    assert not RunMeasurement.objects.exists()
    assert lifecycle.complete(attempt.job, reason="done", artifact=adapter(attempt.job))


def test_an_attempt_that_lost_its_claim_records_nothing(attempt):
    TrainingJob.objects.update(attempt=2)
    attempt.report.measured = measured()
    with pytest.raises(ClaimLost):
        attempt._keep_measurement(Decimal(1))
    assert not RunMeasurement.objects.exists()
