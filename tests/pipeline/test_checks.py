"""Misconfiguration is refused by number."""

import pytest
from django.core.checks import run_checks


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("TRAINER_DEVICE", "tpu", "pipeline.E001"),
        ("TRAINER_DEVICE", "none", "pipeline.E001"),
        ("INFERENCE_DEVICE", "tpu", "pipeline.E003"),
        ("EVALUATION_SHARE", 0.9, "pipeline.E002"),
        ("EVALUATION_SHARE", -0.1, "pipeline.E002"),
    ],
)
def test_a_setting_that_would_fail_every_job_is_named(settings, name, value, number):
    setattr(settings, name, value)
    assert number in [problem.id for problem in run_checks()]


def test_the_defaults_are_in_order():
    assert [problem for problem in run_checks() if (problem.id or "").startswith("pipeline.")] == []
