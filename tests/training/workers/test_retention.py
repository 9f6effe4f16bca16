"""What has only been goes with its age, by settings, a batch at a time; what is still asked for stays."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

import notifications.tasks
import pipeline.accounts.tasks
import training.tasks
from datasets.models import Dataset, TokenCache
from notifications.models import Notification
from pipeline import retention
from pipeline.accounts.models import ApiToken
from training.core.status import FINAL
from training.jobs import lifecycle
from training.models import DataFit, JobEvent, JobLog, JobMetric, RunMeasurement
from training.models.measurement import RunMeasurementQuerySet

pytestmark = pytest.mark.django_db
KEPT = {
    "KEEP_EVENTS_DAYS": 10,
    "KEEP_CURVES_DAYS": 20,
    "KEEP_LOGS_DAYS": 30,
    "KEEP_MEASUREMENTS_DAYS": 40,
    "KEEP_CACHES_DAYS": 50,
    "KEEP_NOTIFICATIONS_DAYS": 60,
    "KEEP_UNREAD_NOTIFICATIONS_DAYS": 70,
    "KEEP_SIGN_INS_DAYS": 80,
}


@pytest.fixture(autouse=True)
def kept_for_days(settings, tmp_path, monkeypatch):
    settings.RUNS_DIR, settings.MEDIA_ROOT, settings.VAR_DIR = tmp_path / "runs", tmp_path / "media", tmp_path
    for name, days in KEPT.items():
        setattr(settings, name, days)
    monkeypatch.setattr(retention, "BATCH", 3)


def prune():
    training.tasks.prune()
    notifications.tasks.prune()
    pipeline.accounts.tasks.prune()


@pytest.fixture
def finished(put_job):
    """A job that ended so many days ago, with all that jobs have."""

    def make(days, status="completed", **changes):
        then = timezone.now() - timedelta(days=days)
        job = put_job(status, finished_at=then if status in FINAL else None, current_metrics={"loss": 1.25}, **changes)
        moves = [("", "queued"), ("queued", "initializing"), ("initializing", "running"), ("running", "completed")]
        for before, after in moves:
            JobEvent.objects.create(job=job, created_at=then, actor="ada", from_status=before, to_status=after)
        JobMetric.objects.bulk_create(JobMetric(job=job, step=step, epoch=1, loss=2.0) for step in range(1, 8))
        JobLog.objects.append(job, ["Loading", "Done"])
        return job

    return make


def left(job):
    """Rows of its history, its curves and its log."""
    return job.events.count(), job.metrics.count(), job.log.count()


@pytest.mark.parametrize(
    ("days", "kept"), [(9, (4, 7, 1)), (11, (2, 7, 1)), (21, (2, 0, 1)), (31, (2, 0, 0))], ids=lambda value: str(value)
)
def test_records_of_finished_jobs_go_by_their_age(finished, days, kept):
    jobs = [finished(days, status) for status in ("completed", "failed", "cancelled")]
    prune()
    assert [left(job) for job in jobs] == [kept] * 3
    for job in jobs:
        events = [event.to_status for event in job.events.all()]
        assert (events[0], events[-1]) == ("queued", "completed")


def test_a_job_under_way_loses_nothing_however_old_it_is(finished):
    jobs = [finished(1000, status) for status in ("queued", "running")]
    prune()
    assert [left(job) for job in jobs] == [(4, 7, 1)] * 2


def test_nothing_goes_where_it_is_kept_for_ever(finished, settings, user):
    for name in KEPT:
        setattr(settings, name, 0)
    job = finished(10_000)
    Notification.objects.create(user=user, type="job_queued", title="t", message="m", read_at=timezone.now())
    Notification.objects.update(created_at=timezone.now() - timedelta(days=10_000))
    prune()
    assert left(job) == (4, 7, 1)
    assert Notification.objects.exists()


def test_a_job_says_what_it_has_lost(finished, signed_in):
    fresh, old = finished(1), finished(100)
    prune()
    assert "removed" not in signed_in.get(fresh.get_absolute_url()).content.decode()
    page = signed_in.get(old.get_absolute_url()).content.decode()
    assert "The curves of this job were removed" in page
    assert "Its log was removed" in page
    assert "1.2500" in page  # the last figures stay
    assert signed_in.get(reverse("training:job_metrics", args=[old.pk])).json()["steps"] == []


def test_a_job_that_is_tried_again_has_records_again(finished, user):
    job = finished(100, "failed")
    prune()
    assert lifecycle.retry(job, actor=user)
    assert (job.curves_removed_at, job.log_removed_at) == (None, None)
    assert left(job)[0] == 3


def test_totals_of_the_metrics_do_not_go_down(finished, client, settings):
    settings.METRICS_TOKEN = "secret"
    finished(100)
    finished(1)

    def total():
        page = client.get("/metrics", headers={"Authorization": "Bearer secret"}).content.decode()
        return [line for line in page.splitlines() if line.startswith(("pipeline_job_moves_total", "pipeline_jobs{"))]

    before = total()
    prune()
    assert JobEvent.objects.count() == 6
    assert total() == before


def test_measurements_stay_that_estimates_or_the_accuracy_page_use(finished, monkeypatch):
    monkeypatch.setattr(RunMeasurementQuerySet, "LATEST", 2)
    monkeypatch.setattr(RunMeasurementQuerySet, "MOST_COMPARED", 3)
    for days, hardware, whole in [
        (100, "H100", True), (99, "H100", True), (98, "H100", True), (97, "H100", False), (96, "H100", False),
        (95, "A100", False), (94, "A100", False), (93, "A100", False), (39, "A100", False), (38, "L4", True),
    ]:  # fmt: skip
        row = RunMeasurement(**a_measurement(finished(days)))
        row.hardware, row.gpu_type, row.is_whole = hardware, hardware, whole
        row.save()
        RunMeasurement.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=days))
    prune()
    ages = [(timezone.now() - row.created_at).days for row in RunMeasurement.objects.order_by("created_at")]
    assert ages == [99, 98, 97, 96, 93, 39, 38]


def a_measurement(job):
    columns = {
        field.name: 1 for field in RunMeasurement._meta.concrete_fields if field.name not in ("id", "created_at")
    }
    return columns | {
        "job": job, "base_model": job.base_model, "device": "cuda", "device_name": "x", "quantization": "none",
        "precision": "auto", "basis": "list", "is_probe": False, "gradient_checkpointing": False,
    }  # fmt: skip


def test_tokens_stay_that_a_run_may_still_want(make_dataset, put_job):
    now, long_ago = timezone.now(), timezone.now() - timedelta(days=60)

    def tokens_of(version):
        cache = TokenCache(version=version, fingerprint="f" * 64, tokenizer="tiny")
        cache.file.save("cache.arrow", ContentFile(b"tokens"))
        TokenCache.objects.update(created_at=long_ago)
        DataFit.objects.create(version=version, source=f"tiny-{version.pk}", length=512, cache=cache)
        DataFit.objects.update(updated_at=long_ago)
        return version

    def earlier(dataset):
        version = dataset.versions.create(number=0, file="datasets/x.jsonl", file_name="x", file_size=1)
        return tokens_of(version)

    present = tokens_of(make_dataset().version)
    unused = earlier(make_dataset())
    awaited, recent, past, evaluated = (earlier(make_dataset()) for _ in range(4))
    put_job("queued", dataset_version=awaited)
    put_job("completed", dataset_version=recent, finished_at=now - timedelta(days=20))
    put_job("completed", dataset_version=past, finished_at=long_ago)
    put_job("failed", evaluation_version=evaluated, finished_at=now)
    deleted = tokens_of(make_dataset().version)
    Dataset.objects.filter(pk=deleted.dataset_id).update(deleted_at=long_ago, training_ready=False)
    files = {cache.version_id: cache.file for cache in TokenCache.objects.all()}
    prune()
    wanted = {version.pk for version in (present, awaited, recent, evaluated)}
    assert set(TokenCache.objects.values_list("version", flat=True)) == wanted
    assert set(DataFit.objects.filter(source__startswith="tiny").values_list("version", flat=True)) == wanted
    assert {unused.pk, past.pk, deleted.pk}.isdisjoint(wanted)
    assert len(files) == 7


def test_notifications_go_later_where_nobody_has_read_them(user):
    for days, read in [(59, True), (61, True), (61, False), (71, False)] * 2:
        told = Notification.objects.create(user=user, type="job_queued", title=f"{days} {read}", message="m")
        then = timezone.now() - timedelta(days=days)
        Notification.objects.filter(pk=told.pk).update(created_at=then, read_at=then if read else None)
    prune()
    assert sorted(Notification.objects.values_list("title", flat=True)) == ["59 True"] * 2 + ["61 False"] * 2


def test_sessions_tokens_and_sign_ins_that_are_over_go(user):
    now = timezone.now()
    for key, seconds in (("over", -1), ("open", 60)):
        Session.objects.create(session_key=key, session_data="x", expire_date=now + timedelta(seconds=seconds))
    for name, days in (("long expired", -81), ("just expired", -79), ("valid", 1)):
        token = ApiToken.objects.create(user)[0]
        ApiToken.objects.filter(pk=token.pk).update(name=name, expiry=now + timedelta(days=days))
    ApiToken.objects.create(user)
    for name, days in (("old", 81), ("new", 79)):
        attempt = AccessAttempt.objects.create(username=name, ip_address="127.0.0.1", failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=now - timedelta(days=days))
    prune()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"just expired", "valid", ""}
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["new"]


def test_a_batch_is_one_statement_and_its_time_is_limited(finished, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(retention, "SECONDS", 0.0)
    for _ in range(3):
        finished(100)
    prune()
    assert JobEvent.objects.count() == 12  # no time at all: nothing is begun
    monkeypatch.setattr(retention, "SECONDS", 60.0)
    monkeypatch.setattr(retention, "BATCH", 1000)
    with django_assert_max_num_queries(40):
        training.tasks.prune()
    assert JobEvent.objects.count() == 6


def test_every_task_of_the_timetable_is_there():
    from pipeline.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
