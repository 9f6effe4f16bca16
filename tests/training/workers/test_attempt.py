"""What an attempt writes at its end: measurements never fail a run, and a lost claim leaves nothing behind."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests.training.conftest import adapter, claim
from tests.training.measured import measured
from training.jobs import lifecycle
from training.models import RunMeasurement, TrainingJob
from training.workers.artifacts import FOLDER
from training.workers.attempt import Attempt, ClaimLost
from training.workers.cleanup import prune_artifacts

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


def test_the_adapter_of_a_lost_claim_is_removed_and_no_other(attempt):
    kept = adapter(attempt.job)
    kept.file = default_storage.save(f"{FOLDER}/kept.zip", ContentFile(b"kept"))
    assert lifecycle.complete(attempt.job, reason="done", artifact=kept)
    lost = default_storage.save(f"{FOLDER}/lost.zip", ContentFile(b"lost"))
    assert prune_artifacts() == 0  # an attempt may be about to commit it
    assert prune_artifacts(older=timedelta(0)) == 1
    assert default_storage.exists(str(kept.file))
    assert not default_storage.exists(lost)


def test_without_storage_there_is_nothing_to_remove(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "nowhere"
    assert prune_artifacts(older=timedelta(0)) == 0
