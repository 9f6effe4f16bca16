"""What a trainer says becomes the job's columns."""

import time
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.training.conftest import claim
from training.trainer import protocol
from training.workers.bill import Bill
from training.workers.progress import Report

pytestmark = pytest.mark.django_db


def step(number):
    return protocol.Step(
        step=number, epoch=0.1, loss=1.5, learning_rate=1e-4, gradient_norm=0.5, tokens_per_second=100.0
    )


def tell(report, *events):
    for event in events:
        report.read(protocol.encode(event).encode())


def test_progress_comes_from_the_trainer(job):
    report = Report(claim(job))
    tell(report, protocol.Resumed(step=0), protocol.Stage(stage="training"), step(1), step(2), step(375))
    news = report.news()
    assert (news["current_step"], news["progress"], news["current_epoch"]) == (375, 50, 1)
    assert news["current_stage"] == "training"
    assert [row.step for row in news["metrics"]] == [1, 2, 375]
    assert news["current_metrics"]["loss"] == 1.5
    report.written()
    assert report.news()["metrics"] == []


def test_a_resumed_run_goes_on_after_its_checkpoint(job):
    mine = claim(job)
    mine.current_step = mine.checkpoint_step = 20
    report = Report(mine)
    tell(report, protocol.Resumed(step=18))
    news = report.news()
    assert (news["rewind_to"], news["current_step"], news["checkpoint_step"]) == (18, 18, 18)
    assert "Continuing after step 18" in news["log"]


def test_the_time_left_is_reckoned_from_this_attempts_steps_alone(job):
    mine = claim(job)
    mine.current_step = 700
    report = Report(mine)
    tell(report, protocol.Resumed(step=700))
    assert report.expected_finish_at() is None
    tell(report, step(701))
    time.sleep(0.1)
    tell(report, step(702))
    seconds = (report.expected_finish_at() - timezone.now()).total_seconds()
    assert seconds == pytest.approx(48 * 0.1, rel=0.5)


def test_output_that_is_no_event_is_log(job):
    report = Report(claim(job))
    report.read(b"Traceback (most recent call last):\n")
    report.read(b"\xff\x00 odd bytes\n")
    assert report.news()["log"][0] == "Traceback (most recent call last):"
    assert "\0" not in "".join(report.news()["log"])


def test_the_meter_counts_the_time_on_the_claimed_hardware(job, settings):
    job.current_cost = Decimal("1.5")
    job.hourly_rate = Decimal(3600)
    bill = Bill(job)
    time.sleep(0.05)
    assert bill.cost() == Decimal("1.5")  # no device is known yet
    bill.device = "cuda"
    assert Decimal("1.55") <= bill.cost() < Decimal("2")
    bill.stop()
    stopped = bill.cost()
    time.sleep(0.02)
    assert bill.cost() == stopped
    assert bill.cost_with_storage() == stopped + Decimal("0.5")
    bill.device = "cpu"
    assert bill.cost_with_storage() == Decimal("1.5")
    settings.CPU_HOURLY_RATE = 3600.0
    assert bill.cost() > Decimal("1.54")


def test_a_budget_is_a_deadline_by_the_rate_of_the_device(job):
    assert Bill(job).deadlines() == {}
    job.max_cost, job.current_cost, job.hourly_rate = Decimal("10.5"), Decimal(4), Decimal(2)
    deadline = Bill(job).deadlines()["cuda"]
    assert deadline - time.time() == pytest.approx(3 * 3600, abs=5)
