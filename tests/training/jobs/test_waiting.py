"""A waiting job says what it waits for, where it stands and when it will start; a running one how long it will take."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.conftest import claim
from training.core.budget import STORAGE
from training.core.queue import Wait, expected_wait
from training.jobs import lifecycle
from training.jobs import waiting as rules
from training.jobs.waiting import waiting as waiting_for
from training.models import BaseModel, TrainingJob, Worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def add_worker(db):
    def add(name="gpu@host", **changes):
        now = timezone.now()
        values = {"name": name, "host": "host", "device": "cuda", "gpu_count": 4, "queues": ["gpu.h100"]} | changes
        values.setdefault("base_models", list(BaseModel.objects.values_list("name", flat=True)))
        return Worker.objects.create(**{"started_at": now, "last_seen_at": now} | values)

    return add


def waiting(api, job):
    return api.get(f"/api/jobs/{job.pk}").json()["data"]["waiting"]


def test_without_a_worker_of_its_kind_the_job_says_so(api, signed_in, job, add_worker):
    add_worker(queues=["gpu.a100-80gb"])
    add_worker("old@host", last_seen_at=timezone.now() - timedelta(minutes=5))
    assert waiting(api, job)["reason"] == "Waiting for an H100 worker: none is connected."
    assert (
        "Waiting for an H100 worker: none is connected." in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    )


def test_workers_that_are_too_small_are_named(api, make_job, add_worker):
    add_worker(gpu_count=2)
    assert waiting(api, make_job(gpu_count=4))["reason"] == "Waiting for a worker with 4 × H100: the largest has 2."


def test_a_cpu_stands_in_for_any_number_of_gpus(api, make_job, add_worker):
    add_worker(device="cpu", gpu_count=0)
    assert waiting(api, make_job(gpu_count=8))["reason"] == "Starting within moments."


def test_the_next_job_starts_when_the_busy_worker_is_done(api, make_job, add_worker):
    add_worker("w1")
    running, second, third = make_job(), make_job(), make_job()
    mine = claim(running, "w1")
    end = timezone.now() + timedelta(minutes=10)
    lifecycle.record(mine, metrics=[], expected_finish_at=end)
    said = waiting(api, second)
    assert said["reason"] == "Number 1 in the queue for H100. All workers of its kind are busy."
    assert abs(timezone.datetime.fromisoformat(said["expected_start_at"]) - end) < timedelta(seconds=5)
    after = waiting(api, third)
    assert after["position"] == 2
    hours = (float(second.estimated_total_cost) - 0.5) / float(second.hourly_rate)
    start = timezone.datetime.fromisoformat(after["expected_start_at"])
    assert abs(start - end - timedelta(hours=hours)) < timedelta(seconds=5)


def test_a_start_comes_with_the_doubt_of_the_jobs_ahead(api, make_job, add_worker):
    add_worker("w1")
    running, second, third = make_job(), make_job(), make_job()
    end = timezone.now() + timedelta(minutes=10)
    lifecycle.record(claim(running, "w1"), metrics=[], expected_finish_at=end)
    said = waiting(api, third)
    low, at, high = (datetime.fromisoformat(said[f"expected_start_{part}"]) for part in ("low", "at", "high"))
    plan = second.plan
    assert abs((high - end) / (at - end) - plan.high_hours / plan.duration_hours) < 0.01
    assert abs((low - end) / (at - end) - plan.low_hours / plan.duration_hours) < 0.01
    assert low < at < high
    only_running = waiting(api, second)
    assert only_running["expected_start_low"] == only_running["expected_start_high"]


def test_what_is_ahead_is_named_where_it_is_the_users_own(api, make_job, put_job, other_user, add_worker):
    add_worker("w1")
    mine, _, last = make_job(), put_job(), make_job()
    TrainingJob.objects.exclude(pk__in=[mine.pk, last.pk]).update(user=other_user)
    said = waiting(api, last)
    assert said["position"] == 3
    assert said["own_ahead"] == [str(mine.pk)]


def test_a_long_queue_costs_no_query_more(make_job, add_worker, django_assert_num_queries):
    add_worker("w1")
    jobs = [make_job() for _ in range(4)]
    for job in (jobs[0], jobs[-1]):
        with django_assert_num_queries(3):
            waiting_for(job)


def test_what_nobody_knows_is_not_made_up(api, make_job, add_worker):
    add_worker("w1")
    running, second = make_job(), make_job()
    claim(running, "w1")
    assert waiting(api, second)["expected_start_at"] is None


def test_a_job_that_is_held_back_says_until_when(api, job, add_worker):
    add_worker()
    lifecycle.release(claim(job), actor="sweep", reason="It broke.", delay=30)
    said = waiting(api, job)
    assert "tried again" in said["reason"]
    assert said["expected_start_at"] == api.get(f"/api/jobs/{job.pk}").json()["data"]["available_at"]


def test_a_running_job_waits_for_nothing_and_shows_the_time_left(api, signed_in, job):
    mine = claim(job)
    lifecycle.record(mine, metrics=[], expected_finish_at=timezone.now() + timedelta(minutes=12, seconds=5))
    assert waiting(api, job) is None
    assert "12 min" in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    assert TrainingJob.objects.get(pk=job.pk).expected_finish_at


@pytest.mark.parametrize(
    ("free_in", "ahead", "wait"),
    [
        ([], [], None),
        ([], [10.0], None),
        ([0.0], [], 0.0),
        ([60.0], [], 60.0),
        ([60.0, 10.0], [100.0], 60.0),
        ([60.0, 10.0], [20.0, 5.0], 35.0),
        ([None, 10.0], [], 10.0),
        ([None, 10.0], [None], None),
        ([None, None], [], None),
        ([0.0, 0.0], [None], 0.0),
    ],
)
def test_expected_waits(free_in, ahead, wait):
    jobs = [None if seconds is None else Wait(low=seconds, middle=seconds, high=seconds) for seconds in ahead]
    assert expected_wait(free_in, jobs) == (None if wait is None else Wait(low=wait, middle=wait, high=wait))


seconds = st.floats(0, 1e6)
jobs = st.lists(st.tuples(seconds, seconds, seconds).map(sorted), max_size=8)


@given(st.lists(seconds, min_size=1, max_size=4), jobs)
def test_the_doubt_is_around_the_expectation_and_grows_with_what_is_ahead(free_in, lengths):
    ahead = [Wait(low=low, middle=middle, high=high) for low, middle, high in lengths]
    waits = [expected_wait(free_in, ahead[:count]) for count in range(len(ahead) + 1)]
    assert all(wait.low <= wait.middle <= wait.high for wait in waits)
    assert [wait.high for wait in waits] == sorted(wait.high for wait in waits)
    assert waits[0].low == waits[0].high == min(free_in)


@given(st.lists(seconds, min_size=1, max_size=4), jobs, st.integers(0, 8))
def test_what_is_only_added_up_starts_no_earlier_and_later_by_the_longest_job_at_most(free_in, lengths, exactly):
    ahead = [Wait(low=low, middle=middle, high=high) for low, middle, high in lengths]
    rest = ahead[exactly:]
    then = Wait(**{part: sum(getattr(job, part) for job in rest) for part in ("low", "middle", "high")})
    exact, found = expected_wait(free_in, ahead), expected_wait(free_in, ahead[:exactly], then=then)
    for part in ("low", "middle", "high"):
        longest = max((getattr(job, part) for job in rest), default=0)
        low, high = getattr(exact, part), getattr(exact, part) + longest
        slack = 1e-9 * max(1, high)
        assert low - slack <= getattr(found, part) <= high + slack


queues = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["H100", "H100", "V100-32GB"]), st.booleans(), st.integers(1, 500)),
    min_size=1,
    max_size=8,
)  # minutes that it has waited, for what, whether it is one's own, dollars


def by_following(job, minutes_left):
    """Place, own jobs ahead and wait, and the longest job ahead: every one followed from worker to worker."""
    queued = TrainingJob.objects.filter(status="queued", gpu_config__type="H100")
    ahead = sorted((other.queued_at, other.pk, other) for other in queued if (other.queued_at, other.pk) < at(job))
    lengths = [float((other.estimated_total_cost - STORAGE) / other.hourly_rate) * 3600 for _, _, other in ahead]
    waits = [Wait(low=length, middle=length, high=length) for length in lengths]
    own = [pk for _, pk, other in ahead if other.user_id == job.user_id]
    wait = expected_wait([60.0 * minutes for minutes in minutes_left], waits)
    return len(ahead) + 1, own[: rules.LISTED], wait.middle, max(lengths, default=0)


def at(job):
    return job.queued_at, job.pk


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(queue=queues, number=st.integers(0, 7), minutes_left=st.lists(st.integers(0, 99), min_size=1, max_size=3))
def test_any_queue_is_told_as_by_following_every_job(put_job, other_user, add_worker, queue, number, minutes_left):
    """Also where only the first two are followed, and the rest added up: later by the longest of them at most."""
    with transaction.atomic():
        for name, minutes in enumerate(minutes_left):
            add_worker(f"w{name}")
            end = timezone.now() + timedelta(minutes=minutes)
            if minutes:
                put_job("running", worker=f"w{name}", expected_finish_at=end)
        for minutes, gpu, is_own, cost in queue:
            one = put_job(gpu=gpu, age=timedelta(minutes=minutes))
            one.estimated_total_cost, one.hourly_rate = cost + 1, 2
            one.user = one.user if is_own else other_user
            one.save()
        queued = list(TrainingJob.objects.filter(status="queued", gpu_config__type="H100"))
        if queued:
            job = queued[number % len(queued)]
            position, own, wait, longest = by_following(job, minutes_left)
            for followed, late in ((rules.ONE_BY_ONE, 0), (2, longest)):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(rules, "ONE_BY_ONE", followed)
                    said = waiting_for(job)
                assert (said.position, list(said.own_ahead)) == (position, own)
                until = (said.expected_start_at - timezone.now()).total_seconds()
                assert wait - 5 <= until <= wait + late + 5
        transaction.set_rollback(True)
