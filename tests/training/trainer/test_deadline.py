"""A budget is held on a busy host too: the last step and its saving may take longer than any before."""

import time

import pytest

from training.trainer.deadline import SLACK, Deadline


@pytest.mark.parametrize(("seconds_left", "is_too_near"), [(6 * SLACK - 0.5, True), (6 * SLACK + 0.5, False)])
def test_there_is_slack_for_a_step_and_saving_that_take_longer_than_ever(seconds_left, is_too_near):
    deadline = Deadline(time.time() + seconds_left)
    deadline.took_step(2.0)
    deadline.took_saving(4.0)
    assert deadline.is_too_near is is_too_near


def test_until_something_was_saved_its_size_tells_how_long_that_takes():
    deadline = Deadline(time.time() + 10)
    deadline.expect(step_seconds=0.0, saving_bytes=10**9)
    assert deadline.is_too_near
    deadline.took_saving(1.0)
    assert not deadline.is_too_near


def test_a_run_without_a_budget_is_never_too_near():
    assert not Deadline(None).is_too_near
