"""Settings that would make every job fail are refused at start, by number."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from datasets.held_out import LARGEST_SHARE

DEVICES = ("auto", "cpu", "cuda")


@register
def check_training_settings(**_: Any) -> list[CheckMessage]:
    """Settings that name no device, no share, or no length that a conversation could have."""
    problems: list[CheckMessage] = []
    if settings.TRAINER_DEVICE not in DEVICES:
        problems.append(
            Error(
                f"PIPELINE_TRAINER_DEVICE is “{settings.TRAINER_DEVICE}”.",
                hint=f"Use {', '.join(DEVICES)}.",
                id="pipeline.E001",
            )
        )
    if not 0 <= settings.EVALUATION_SHARE <= LARGEST_SHARE:
        problems.append(
            Error(
                f"PIPELINE_EVALUATION_SHARE is {settings.EVALUATION_SHARE}.",
                hint=f"Use a share from 0 (no evaluation) to {LARGEST_SHARE}.",
                id="pipeline.E002",
            )
        )
    return problems
