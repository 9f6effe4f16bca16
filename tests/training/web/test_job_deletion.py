"""A job that is over can be deleted: with its files, and not with what is owed to others."""

import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from notifications.models import Notification
from tests.training.measured import record, start
from tests.training.test_tallies import counted, kept
from tests.training.web.test_configure_page import URL as CONFIGURE
from tests.training.web.test_configure_page import values
from tests.training.web.test_jobs_api import URL, body
from training import tasks
from training.core.status import ACTIVE, FINAL
from training.models import Artifact, JobDeletion, JobEvent, JobLog, JobMetric, RunMeasurement, RunPlan, TrainingJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(user, dataset):
    """A job with all that one can leave."""
    job = start(user, dataset)
    record(job)
    JobMetric.objects.create(job=job, step=1, epoch=0.1, loss=2.0)
    JobLog.objects.create(job=job, text="Step 1", lines=1)
    name = default_storage.save(f"adapters/{job.pk}-1-adapter.zip", ContentFile(b"zip"))
    Artifact.objects.create(job=job, user=user, file=name, file_name="a.zip", size=3, sha256="0" * 64)
    end(job, name="Tone")
    return job


def end(job, status="completed", **changes):
    changes = {"finished_at": job.created_at + timedelta(hours=1), "current_cost": "3.25"} | changes
    TrainingJob.objects.filter(pk=job.pk).update(status=status, **changes)
    job.refresh_from_db()


def by_page(client, api, job):
    asked = client.get(f"/training/jobs/{job.pk}/delete").content.decode()
    assert "Delete this job?" in asked
    assert TrainingJob.objects.filter(pk=job.pk).exists()
    answer = client.post(f"/training/jobs/{job.pk}/delete", follow=True)
    assert answer.redirect_chain == [("/training/jobs", 302)]
    assert "was deleted" in answer.content.decode()


def by_api(client, api, job):
    answer = api.delete(f"/api/jobs/{job.pk}")
    assert answer.status_code == 200
    assert answer.json()["data"] == {"id": str(job.pk), "deleted": True}


@pytest.mark.parametrize("delete", [by_page, by_api])
def test_it_goes_with_its_files_and_leaves_what_it_cost_and_measured(
    signed_in, api, user, ended, delete, django_capture_on_commit_callbacks
):
    file = Path(ended.adapter.file.path)
    assert Notification.objects.filter(user=user).exists()
    with django_capture_on_commit_callbacks(execute=True):
        delete(signed_in, api, ended)
    for model in (TrainingJob, RunPlan, JobEvent, JobMetric, JobLog, Artifact, Notification):
        assert not model.objects.exists(), model
    assert not file.exists()
    entry = JobDeletion.objects.get()
    assert (entry.job_id, entry.user, entry.actor, entry.title) == (ended.pk, user, "ada", "Tone")
    assert (str(entry.cost), entry.status, entry.job_created_at) == ("3.2500", "completed", ended.created_at)
    left = RunMeasurement.objects.get()
    assert (left.job, left.tokens_per_second) == (None, 900.0)
    assert list(RunMeasurement.objects.latest_on(["H100"])) == [left]
    (jobs, moves), (there, _) = kept(), counted()
    assert jobs == there == {}
    assert moves == {("", "queued"): 1}  # what has happened stays counted
    assert signed_in.get("/training/accuracy").status_code == 200


def test_who_sees_everybodys_runs_sees_those_of_deleted_jobs(admin_client, api, ended):
    by_api(None, api, ended)
    assert admin_client.get("/training/accuracy").status_code == 200
    page = admin_client.get("/admin/training/jobdeletion/?q=ada").content.decode()
    assert str(ended.pk) in page
    assert "3.25" in page


@pytest.mark.parametrize("status", ACTIVE)
def test_not_while_it_is_active(signed_in, api, put_job, status):
    job = put_job(status)
    answer = api.delete(f"/api/jobs/{job.pk}")
    assert answer.status_code == 409
    assert "cancel it first" in answer.json()["details"]
    page = signed_in.get(f"/training/jobs/{job.pk}/delete").content.decode()
    assert "Delete job" not in page
    assert f'href="/training/jobs/{job.pk}"' in page
    assert signed_in.post(f"/training/jobs/{job.pk}/delete").status_code == 409
    assert TrainingJob.objects.filter(pk=job.pk).exists()
    assert not JobDeletion.objects.exists()
    assert "/delete" not in signed_in.get(f"/training/jobs/{job.pk}").content.decode()


@pytest.mark.parametrize("status", FINAL)
def test_in_any_way_that_it_ended(api, put_job, status):
    job = put_job(status)
    by_api(None, api, job)
    assert api.delete(f"/api/jobs/{job.pk}").status_code == 404
    assert JobDeletion.objects.get().status == status


def test_its_run_goes_with_the_workers_next_look(api, put_job, settings, tmp_path):
    settings.RUNS_DIR = tmp_path
    job, other = put_job("failed"), put_job("failed")
    folders = [tmp_path / str(one.pk) for one in (job, other)]
    for folder in folders:
        folder.mkdir()
    by_api(None, api, job)
    assert folders[0].exists()  # the web host may have no sight of it
    for folder in folders:
        os.utime(folder, (0, 0))
    tasks.prune()
    assert [folder.exists() for folder in folders] == [False, True]


def test_a_repeated_request_makes_no_other_job(api, signed_in, dataset):
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    first = api.post(URL, body(dataset), format="json", **key).json()["data"]
    end(TrainingJob.objects.get(), "cancelled")
    api.delete(f"/api/jobs/{first['id']}")
    again = api.post(URL, body(dataset), format="json", **key)
    assert (again.status_code, again.json()["data"]) == (201, first)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert not TrainingJob.objects.exists()

    form = values(dataset, idempotency_key="page")
    signed_in.post(CONFIGURE, form)
    job = TrainingJob.objects.get()
    end(job, "cancelled")
    by_api(None, api, job)
    answer = signed_in.post(CONFIGURE, form)
    assert answer.status_code == 422
    assert "This page has started a job already." in answer.content.decode()
    assert not TrainingJob.objects.exists()
