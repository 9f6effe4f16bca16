"""The admin of jobs: found by age and GPU, acted on after a confirmation, and their queues at a glance."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.training.measured import record, start
from training.models import Artifact, GpuType, IdempotencyKey, JobMetric, TrainingJob, Worker

pytestmark = pytest.mark.django_db
JOBS = "/admin/training/trainingjob/"


@pytest.fixture
def staff(client, django_user_model):
    """Sign in as staff with these permissions only."""

    def sign_in(*names):
        person = django_user_model.objects.create_user("kay", is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename__in=["view_trainingjob", *names]))
        client.force_login(person)
        return client

    return sign_in


def listed(client, query):
    return {job.pk for job in client.get(f"{JOBS}?{query}").context["cl"].queryset}


def test_jobs_are_found_by_age_status_gpu_and_user(admin_client, put_job, user):
    fresh, old = put_job(), put_job(age=timedelta(hours=2))
    long = put_job("running", gpu="V100-32GB", age=timedelta(hours=2))
    silent = put_job("running", heartbeat_at=timezone.now() - timedelta(minutes=5))
    over = put_job("failed", age=timedelta(days=3))
    assert listed(admin_client, "age=waiting-10m") == {old.pk}
    assert listed(admin_client, "age=waiting-1d") == set()
    assert listed(admin_client, "age=working-1h") == {long.pk}
    assert listed(admin_client, "age=silent-1m") == {silent.pk}
    assert listed(admin_client, "gpu=V100-32GB") == {long.pk}
    assert listed(admin_client, "status__exact=failed") == {over.pk}
    assert listed(admin_client, f"user__id__exact={user.pk}&status__exact=queued") == {fresh.pk, old.pk}
    assert len(listed(admin_client, "age=nonsense")) == 5


def act(client, name, *jobs, **extra):
    fields = {"action": f"{name}_jobs", "_selected_action": [str(job.pk) for job in jobs]} | extra
    return client.post(JOBS, fields, follow=True)


def messages(answer):
    return [str(message) for message in answer.context["messages"]]


def test_cancelling_asks_first_and_then_cancels(staff, put_job):
    client, job = staff("cancel_trainingjob"), put_job()
    question = act(client, "cancel", job)
    assert "Cancel 1 training job?" in question.content.decode()
    assert str(job.pk) in question.content.decode()
    job.refresh_from_db()
    assert job.status == "queued"
    assert messages(act(client, "cancel", job, confirmed="yes")) == ["1 cancelled or stopping."]
    job.refresh_from_db()
    assert job.status == "cancelled"
    assert job.events.last().actor == "kay"


def test_what_cannot_be_done_is_said_job_by_job(staff, put_job):
    client, waiting, over = staff("cancel_trainingjob"), put_job(), put_job("completed")
    said = messages(act(client, "cancel", waiting, over, confirmed="yes"))
    assert said[0] == "1 cancelled or stopping."
    assert str(over.pk) in said[1]
    assert "already completed" in said[1]


def test_a_failed_job_is_retried_and_a_claimed_one_requeued(staff, put_job):
    client = staff("retry_trainingjob", "requeue_trainingjob")
    failed, stuck = put_job("failed", error_code="worker_lost"), put_job("running", worker="gpu@a", attempt=1)
    assert messages(act(client, "retry", failed, confirmed="yes")) == ["1 queued again."]
    assert messages(act(client, "requeue", stuck, confirmed="yes")) == ["1 taken from their workers and queued again."]
    for job in (failed, stuck):
        job.refresh_from_db()
        assert job.status == "queued"
        assert job.events.last().actor == "kay"


@pytest.mark.parametrize(("action", "before"), [("cancel", "queued"), ("retry", "failed"), ("requeue", "running")])
def test_each_action_needs_its_permission(staff, put_job, action, before):
    client, job = (
        staff(*(f"{other}_trainingjob" for other in ("cancel", "retry", "requeue") if other != action)),
        put_job(before),
    )
    assert f"{action}_jobs" not in client.get(JOBS).content.decode()
    act(client, action, job, confirmed="yes")
    job.refresh_from_db()
    assert job.status == before


def test_more_than_can_be_read_is_not_confirmed_at_once(staff, put_job, monkeypatch):
    monkeypatch.setattr("training.admin.verbs.MOST_AT_ONCE", 1)
    answer = act(staff("cancel_trainingjob"), "cancel", put_job(), put_job(), confirmed="yes")
    assert messages(answer) == ["Select at most 1 jobs at a time."]
    assert TrainingJob.objects.filter(status="queued").count() == 2


def test_jobs_and_workers_are_read_not_edited(admin_client, put_job):
    job = put_job()
    assert admin_client.get(f"{JOBS}{job.pk}/change/").status_code == 200
    assert admin_client.post(f"{JOBS}{job.pk}/change/", {"status": "completed"}).status_code == 403
    assert admin_client.get(f"{JOBS}add/").status_code == 403
    assert admin_client.get("/admin/training/worker/add/").status_code == 403


def test_the_overview_shows_queues_running_jobs_and_workers(admin_client, put_job):
    now = timezone.now()
    waiting = put_job(gpu="V100-32GB", age=timedelta(hours=2))
    running = put_job("running", worker="gpu@a")
    Worker.objects.create(name="gpu@a", host="a", queues=["gpu.h100"], device="cpu", started_at=now, last_seen_at=now)
    Worker.objects.create(name="gpu@old", host="b", queues=[], started_at=now, last_seen_at=now - timedelta(minutes=3))
    answer = admin_client.get(f"{JOBS}overview/")
    queues = {queue.gpu: queue for queue in answer.context["queues"]}
    assert (queues["V100-32GB"].waiting, queues["V100-32GB"].workers) == (1, 0)
    assert (queues["H100"].claimed, queues["H100"].workers) == (1, 1)
    assert timedelta(hours=2) <= queues["V100-32GB"].oldest < timedelta(hours=2, minutes=1)
    page = answer.content.decode()
    assert str(waiting.pk) in page
    assert str(running.pk) in page
    assert page.count("none connected") == 1
    assert page.count(">Alive<") == page.count(">Silent<") == 1


def test_the_overview_is_linked_from_the_admins_front_page_for_who_may_see_it(client, staff, django_user_model):
    assert f"{JOBS}overview/" in staff().get("/admin/").content.decode()
    client.force_login(django_user_model.objects.create_user("lee", is_staff=True))
    assert client.get(f"{JOBS}overview/").status_code == 403
    assert f"{JOBS}overview/" not in client.get("/admin/").content.decode()


@pytest.fixture
def l40s(db):
    """A worker with a card that the catalogue knows and does not offer."""
    now = timezone.now()
    Worker.objects.create(
        name="gpu@a", host="rack-7", queues=["gpu.l40s"], device="cuda", device_name="NVIDIA L40S", gpu_count=2,
        started_at=now, last_seen_at=now,
    )  # fmt: skip
    return GpuType.objects.get(name="L40S")


OFFER = "on host rack-7 is not on offer"
OVERVIEW = f"{JOBS}overview/"
GPU_TYPES = "/admin/training/gputype/"


def text(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("page", [OVERVIEW, GPU_TYPES])
def test_a_card_that_a_worker_has_is_activated_by_a_press_with_its_dated_price_in_view(admin_client, l40s, page):
    shown = text(admin_client.get(page))
    assert f"<strong>NVIDIA L40S</strong> {OFFER}" in shown
    assert f"$1.86 a GPU and hour, the price of 1 July 2025 at {l40s.price_source}." in shown
    assert "Activate L40S" in shown
    answer = admin_client.post(f"{GPU_TYPES}{l40s.pk}/activate/", follow=True)
    assert messages(answer) == ["NVIDIA L40S 48GB is on offer at $1.86 an hour."]
    l40s.refresh_from_db()
    assert l40s.is_active
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.get_change_message()) == (str(l40s.pk), "Changed Is active.")
    assert OFFER not in text(admin_client.get(page))


def test_activating_needs_the_permission_and_a_press(staff, l40s):
    client = staff()
    shown = text(client.get(OVERVIEW))
    assert OFFER in shown
    assert "<button" not in shown[shown.index(OFFER) : shown.index("By GPU type")]
    assert client.post(f"{GPU_TYPES}{l40s.pk}/activate/").status_code == 403
    l40s.refresh_from_db()
    assert not l40s.is_active


def test_activating_is_no_link(admin_client, l40s):
    assert admin_client.get(f"{GPU_TYPES}{l40s.pk}/activate/").status_code == 405
    assert admin_client.post(f"{GPU_TYPES}0/activate/").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "cpu"},
        {"queues": ["gpu.h100"]},
        {"device_name": "NVIDIA H100 80GB HBM3"},
        {"device_name": "NVIDIA Next"},
        {"last_seen_at": timezone.now() - timedelta(minutes=2)},
    ],
)
def test_nothing_is_offered_for_a_worker_that_could_not_serve_it(admin_client, l40s, changes):
    Worker.objects.update(**changes)
    assert "is not on offer" not in text(admin_client.get(OVERVIEW))


def test_the_pages_of_gpu_types_and_workers_show_what_they_can_do(admin_client, l40s):
    assert "44.4" in text(admin_client.get(GPU_TYPES))
    assert "Speed by a base model" in text(admin_client.get(f"{GPU_TYPES}{l40s.pk}/change/"))
    Worker.objects.update(base_models=["a", "b"], may_fetch=True)
    assert "2, may fetch others" in text(admin_client.get("/admin/training/worker/"))


def test_workers_are_filtered_by_being_alive(admin_client):
    now = timezone.now()
    for name, age in (("gpu@a", 1), ("gpu@b", 300)):
        Worker.objects.create(name=name, host="x", started_at=now, last_seen_at=now - timedelta(seconds=age))
    for wanted, name in (("yes", "gpu@a"), ("no", "gpu@b")):
        (worker,) = admin_client.get(f"/admin/training/worker/?alive={wanted}").context["cl"].queryset
        assert worker.name == name


@pytest.mark.parametrize("model", ["jobevent", "jobmetric", "runplan", "runmeasurement", "artifact", "idempotencykey"])
def test_what_a_job_leaves_is_found_by_the_beginning_of_its_id(admin_client, user, dataset, model):
    for job in (mine := start(user, dataset)), start(user, dataset):
        record(job)
        JobMetric.objects.create(job=job, step=1, epoch=1)
        Artifact.objects.create(job=job, file="a.zip", file_name="a.zip", size=1, sha256="0" * 64)
        IdempotencyKey.objects.create(user=user, key=str(job.pk), digest="0" * 64, job=job)
    found = admin_client.get(f"/admin/training/{model}/?q={str(mine.pk)[:8]}").context["cl"].queryset
    assert {row.job_id for row in found} == {mine.pk}


@pytest.mark.parametrize("path", ["auth/user", "training/basemodel"])
def test_what_jobs_refer_to_is_not_deleted_and_the_jobs_are_not_listed_one_by_one(admin_client, job, path):
    row = job.user if path == "auth/user" else job.base_model
    said = admin_client.get(f"/admin/{path}/{row.pk}/delete/").content.decode()
    assert "training jobs, which refer to it" in said
    assert str(job) not in said
    admin_client.post(f"/admin/{path}/{row.pk}/delete/", {"post": "yes"})
    row.refresh_from_db()
