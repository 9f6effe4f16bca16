"""What Prometheus is told."""

from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from training.models import CLAIM_EDGES, JobEvent, Worker

pytestmark = pytest.mark.django_db
TOKEN = {"Authorization": "Bearer s3cret"}


@pytest.fixture
def scrape(client, settings):
    """All samples by name and labels."""
    settings.METRICS_TOKEN = "s3cret"

    def ask():
        answer = client.get("/metrics", headers=TOKEN)
        assert answer.status_code == 200
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return ask


def test_without_jobs_every_series_that_can_be_named_is_there(scrape):
    samples = scrape()
    assert samples["pipeline_jobs", "queued"] == samples["pipeline_jobs", "failed"] == 0
    assert samples["pipeline_jobs_oldest_waiting_seconds", "A100-80GB"] == 0
    assert samples["pipeline_workers", "gpu.h100"] == samples["pipeline_workers", "default"] == 0
    assert samples["pipeline_job_heartbeat_age_max_seconds",] == 0
    assert samples["pipeline_job_claim_latency_seconds_count",] == 0


def test_jobs_are_counted_by_status_and_failures_by_reason(scrape, put_job):
    put_job()
    put_job("failed", error_code="out_of_memory")
    put_job("failed", error_code="out_of_memory")
    put_job("failed", error_code="worker_lost")
    samples = scrape()
    assert samples["pipeline_jobs", "queued"] == 1
    assert samples["pipeline_jobs", "failed"] == 3
    assert samples["pipeline_jobs_failed", "out_of_memory"] == 2
    assert samples["pipeline_jobs_failed", "worker_lost"] == 1


def test_the_oldest_waiting_is_the_oldest_that_could_start(scrape, put_job):
    put_job(age=timedelta(minutes=5))
    put_job(age=timedelta(hours=5), available_at=timezone.now() + timedelta(minutes=1))
    put_job(gpu="V100-32GB", age=timedelta(minutes=1))
    samples = scrape()
    assert samples["pipeline_jobs_waiting", "H100", "gpu.h100"] == 2
    assert 300 <= samples["pipeline_jobs_oldest_waiting_seconds", "H100"] < 320
    assert 60 <= samples["pipeline_jobs_oldest_waiting_seconds", "V100-32GB"] < 80


def test_claims_are_a_histogram_and_recoveries_are_moves(scrape, put_job):
    job = put_job()
    for seconds, before, after in [
        (0.2, "queued", "initializing"), (40, "queued", "initializing"), (7, "running", "queued"),
        (3, "initializing", "running"),
    ]:  # fmt: skip
        JobEvent.objects.create(job=job, actor="w", from_status=before, to_status=after, seconds_before=seconds)
    samples = scrape()
    latency = "pipeline_job_claim_latency_seconds"
    assert [samples[f"{latency}_bucket", edge] for edge in ("0.1", "0.25", "30.0", "60.0", "+Inf")] == [0, 1, 1, 2, 2]
    assert samples[f"{latency}_sum",] == pytest.approx(40.2)
    assert samples["pipeline_job_moves_total", "queued", "initializing"] == 2
    assert samples["pipeline_job_moves_total", "running", "queued"] == 1


def test_every_edge_of_the_histogram_is_where_the_database_sorts(scrape, put_job):
    job = put_job()
    for edge in CLAIM_EDGES:
        for seconds in (edge, edge * 1.01):
            JobEvent.objects.create(
                job=job, actor="w", from_status="queued", to_status="initializing", seconds_before=seconds
            )
    samples = scrape()
    up_to = [samples["pipeline_job_claim_latency_seconds_bucket", str(float(edge))] for edge in CLAIM_EDGES]
    assert up_to == [2 * number + 1 for number in range(len(CLAIM_EDGES))]


def test_what_has_happened_stays_counted_when_it_is_forgotten(scrape, put_job):
    job = put_job("failed", error_code="killed")
    JobEvent.objects.create(job=job, actor="w", from_status="queued", to_status="initializing", seconds_before=1)
    JobEvent.objects.all().delete()
    samples = scrape()
    assert samples["pipeline_job_moves_total", "queued", "initializing"] == 1
    assert samples["pipeline_job_claim_latency_seconds_count",] == 1
    job.delete()
    samples = scrape()
    assert samples["pipeline_jobs", "failed"] == 0
    assert ("pipeline_jobs_failed", "killed") not in samples
    assert samples["pipeline_job_moves_total", "queued", "initializing"] == 1


def test_heartbeats_age_and_workers_are_counted_by_queue(scrape, put_job):
    silent = put_job("running", worker="gpu@a", heartbeat_at=timezone.now() - timedelta(seconds=30))
    put_job("running", worker="gpu@b")
    now = timezone.now()
    for name, seen in (("gpu@a", timedelta(minutes=5)), ("gpu@b", timedelta(seconds=2))):
        Worker.objects.create(
            name=name, host="x", queues=["gpu.h100", "gpu.own"], started_at=now, last_seen_at=now - seen
        )
    samples = scrape()
    assert 30 <= samples["pipeline_job_heartbeat_age_seconds", str(silent.pk), "gpu@a"] < 50
    assert 30 <= samples["pipeline_job_heartbeat_age_max_seconds",] < 50
    assert samples["pipeline_workers", "gpu.h100"] == samples["pipeline_workers", "gpu.own"] == 1


def test_a_scrape_asks_as_much_whatever_the_number_of_jobs(scrape, put_job, django_assert_max_num_queries):
    for _ in range(20):
        put_job("running")
    with django_assert_max_num_queries(20):
        scrape()


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic s3cret", "s3cret"])
def test_without_the_token_nothing_is_told(client, settings, given):
    settings.METRICS_TOKEN = "s3cret"
    answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 401
    assert "pipeline_jobs" not in answer.content.decode()


def test_without_a_token_set_only_staff_may_look(client, signed_in, user):
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert signed_in.get("/metrics").status_code == 401
    user.is_staff = True
    user.save()
    assert signed_in.get("/metrics").status_code == 200


def test_a_scraper_that_asks_for_openmetrics_gets_it(client, settings):
    settings.METRICS_TOKEN = "s3cret"
    answer = client.get("/metrics", headers=TOKEN | {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")
