"""Settings that would make every job fail are refused at start, by number."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from datasets.held_out import LARGEST_SHARE

DEVICES = ("auto", "cpu", "cuda")
OFF = "none"
"""Nothing is tried on this host."""


@register
def check_training_settings(**_: Any) -> list[CheckMessage]:
    """Settings that name no device, no share, or no length that a conversation could have."""
    problems: list[CheckMessage] = []
    for name, device, allowed, number in (
        ("TRAINER", settings.TRAINER_DEVICE, DEVICES, "pipeline.E001"),
        ("INFERENCE", settings.INFERENCE_DEVICE, (*DEVICES, OFF), "pipeline.E003"),
    ):
        if device not in allowed:
            hint = f"Use {', '.join(allowed)}."
            problems.append(Error(f"PIPELINE_{name}_DEVICE is “{device}”.", hint=hint, id=number))
    if not 0 <= settings.EVALUATION_SHARE <= LARGEST_SHARE:
        problems.append(
            Error(
                f"PIPELINE_EVALUATION_SHARE is {settings.EVALUATION_SHARE}.",
                hint=f"Use a share from 0 (no evaluation) to {LARGEST_SHARE}.",
                id="pipeline.E002",
            )
        )
    return problems
