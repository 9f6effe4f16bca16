"""Cancel, retry and the idempotent creation of jobs: over the API and from the page."""

import uuid
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection
from django.test import override_settings
from rest_framework.test import APIClient

from notifications.models import Notification
from tests.training.conftest import adapter, claim
from tests.training.web.test_jobs_api import URL, body
from training.jobs import lifecycle
from training.models import Artifact, GpuType, TrainingJob

pytestmark = pytest.mark.django_db


def fail(job, **changes):
    lifecycle.fail(claim(job), code="crashed", message="It crashed.", **changes)
    job.refresh_from_db()
    return job


def retry(api, job, **changes):
    return api.post(f"{URL}/{job.pk}/retry", changes, format="json")


def test_a_queued_job_is_cancelled_at_once(api, job):
    answer = api.post(f"{URL}/{job.pk}/cancel")
    assert answer.status_code == 200
    assert answer.json()["data"]["status"] == "cancelled"
    again = api.post(f"{URL}/{job.pk}/cancel")
    assert (again.status_code, again.json()["error"]) == (409, "The job is already cancelled")


def test_a_failed_job_is_retried_from_its_checkpoint(api, job, user):
    mine = claim(job)
    lifecycle.record(mine, metrics=[], checkpoint_step=7, current_step=9)
    lifecycle.fail(mine, code="crashed", message="It crashed.", crashes=3)
    answer = retry(api, job)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["status"], data["error_message"], data["crashes"], data["finished_at"]) == ("queued", "", 0, None)
    assert data["events"][-1]["reason"] == "To be resumed after step 7"
    assert Notification.objects.filter(user=user, type="job_queued").count() == 2
    assert claim(job, "w2").current_step == 7


def test_a_retry_of_what_is_not_over_or_is_done_is_refused_with_the_reason(api, job):
    answer = retry(api, job)
    assert answer.status_code == 409
    assert "it can be retried once it has failed or was cancelled" in answer.json()["details"]
    mine = claim(job)
    lifecycle.start_running(mine, device="cpu", device_name="CPU")
    lifecycle.complete(mine, reason="done", artifact=adapter(job))
    answer = retry(api, job)
    assert answer.status_code == 409
    assert "there is nothing left to do" in answer.json()["details"]


def test_a_job_stopped_at_its_budget_goes_on_only_with_a_higher_one(api, make_job):
    job = make_job(max_cost=Decimal("3.00"))
    lifecycle.cancelled(claim(job), reason="spent", current_cost=Decimal("2.99"), error_code="budget_reached")
    job.refresh_from_db()
    assert retry(api, job).status_code == 409
    answer = retry(api, job, max_cost=3.1)
    assert answer.status_code == 409
    assert "$3.49 with storage, of $3.10" in answer.json()["details"]
    assert retry(api, job, max_cost=5).json()["data"]["max_cost"] == 5


@pytest.mark.parametrize("bad", [0, 0.5, -1, "5", True, 1e300])
def test_a_budget_out_of_range_is_refused(api, dataset, job, bad):
    answer = api.post(URL, body(dataset, max_cost=bad), format="json")
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["max_cost"]
    assert retry(api, job, max_cost=bad).status_code == 400


def test_another_users_job_cannot_be_retried(job, other_user):
    client = APIClient()
    client.force_authenticate(other_user)
    assert retry(client, fail(job)).status_code == 404


def test_a_retry_on_a_data_set_that_is_no_longer_ready_is_refused(api, job, dataset):
    fail(job)
    dataset.status, dataset.training_ready = "error", False
    dataset.save()
    answer = retry(api, job)
    assert (answer.status_code, answer.json()["error"]) == (400, "Dataset not ready for training")


def test_the_page_retries_and_cancels(signed_in, job):
    fail(job)
    page = signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    assert "Run it again" in page
    assert "It crashed." in page
    signed_in.post(f"/training/jobs/{job.pk}/retry", {"max_cost": "0.10"})
    job.refresh_from_db()
    assert job.status == "failed"
    assert "keeping the adapter alone costs $0.5" in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    signed_in.post(f"/training/jobs/{job.pk}/retry", {"max_cost": ""})
    job.refresh_from_db()
    assert (job.status, job.max_cost) == ("queued", None)
    signed_in.post(f"/training/jobs/{job.pk}/cancel")
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_a_partial_adapter_can_be_downloaded_and_gives_way_to_the_whole_one(
    api, job, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "a.zip").write_bytes(b"partial")
    partial = adapter(job, Artifact.Kind.PARTIAL)
    lifecycle.cancelled(claim(job), reason="asked", artifact=partial)
    detail = api.get(f"{URL}/{job.pk}").json()["data"]
    assert detail["adapter_url"] == f"/api/jobs/{job.pk}/adapter"
    assert b"".join(api.get(detail["adapter_url"]).streaming_content) == b"partial"
    retry(api, job)
    mine = claim(job, "w2")
    lifecycle.start_running(mine, device="cpu", device_name="CPU")
    whole = adapter(job)
    whole.file = "adapters/b.zip"
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.complete(mine, reason="done", artifact=whole)
    assert [artifact.kind for artifact in job.artifacts.all()] == ["adapter"]
    assert not (tmp_path / "adapters" / "a.zip").exists()


def keyed(api, dataset, key, **changes):
    return api.post(URL, body(dataset, **changes), format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_the_same_key_and_body_give_the_same_job_and_answer(api, dataset):
    first = keyed(api, dataset, "a")
    TrainingJob.objects.update(current_stage="later")
    second = keyed(api, dataset, "a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert TrainingJob.objects.count() == 1
    assert Notification.objects.count() == 1


def test_another_body_under_a_used_key_is_refused(api, dataset):
    keyed(api, dataset, "a")
    answer = keyed(api, dataset, "a", estimated_cost=1.0)
    assert answer.status_code == 409
    assert "Use a new key" in answer.json()["details"]
    assert TrainingJob.objects.count() == 1


def test_a_refused_request_leaves_its_key_free(api, dataset):
    assert keyed(api, dataset, "a", preset_id="turbo").status_code == 400
    assert keyed(api, dataset, "a").status_code == 201


def test_keys_are_each_users_own(api, dataset, other_user, make_dataset):
    keyed(api, dataset, "a")
    client = APIClient()
    client.force_authenticate(other_user)
    assert keyed(client, make_dataset(user=other_user), "a").status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(api, dataset, key):
    answer = keyed(api, dataset, key)
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["Idempotency-Key"]


@pytest.mark.django_db(transaction=True)
def test_of_eight_requests_at_once_with_one_key_one_makes_the_job(catalogue, user, dataset):
    answers = []

    def ask():
        client = APIClient()
        client.force_authenticate(user)
        answers.append(keyed(client, dataset, "a"))
        connection.close()

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert TrainingJob.objects.count() == 1


@pytest.fixture
def filled_form(signed_in, dataset):
    """What the configure page sends when Start is pressed."""
    form = signed_in.get(f"/training/configure?datasetId={dataset.pk}").context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    return values | {"gpu_type": GpuType.objects.get(is_default=True).name, "base_model": form.initial["base_model"].pk}


def test_a_double_click_or_a_reload_starts_one_job(signed_in, filled_form):
    assert uuid.UUID(str(filled_form["idempotency_key"]))
    first = signed_in.post("/training/configure", filled_form)
    second = signed_in.post("/training/configure", filled_form)
    assert first.url == second.url
    assert TrainingJob.objects.count() == 1


def test_a_changed_form_under_a_used_key_is_asked_about_and_then_starts_another_job(signed_in, filled_form):
    signed_in.post("/training/configure", filled_form)
    answer = signed_in.post("/training/configure", filled_form | {"epochs": 4})
    assert answer.status_code == 422
    assert "started a job already" in answer.content.decode()
    fresh = answer.context["form"]["idempotency_key"].value()
    signed_in.post("/training/configure", filled_form | {"epochs": 4, "idempotency_key": fresh})
    assert TrainingJob.objects.count() == 2


def test_the_page_keeps_a_budget(signed_in, filled_form):
    signed_in.post("/training/configure", filled_form | {"max_cost": "12.50"})
    assert TrainingJob.objects.get().max_cost == Decimal("12.50")


def test_creation_answers_while_the_broker_is_down(api, dataset, django_capture_on_commit_callbacks):
    with (
        override_settings(CELERY_BROKER_URL="redis+socket:///nowhere.sock"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert api.post(URL, body(dataset), format="json").status_code == 201
