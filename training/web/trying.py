"""What an adapter can be tried against: its base model, and the user's other adapters of that."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone

from training.core import status
from training.jobs import tried
from training.models import TrainingJob

MOST_ADAPTERS = 50
RUNNING = "It is still {}. What it has learned can be tried once it has ended."
NO_ADAPTER = "It ended without an adapter: nothing was trained, or its adapter was deleted."
PROBE = "It only measured a few steps, and made no adapter."


@dataclass(frozen=True)
class Choice:
    """A model that a pane may have, as the API calls it and as people do."""

    model: str
    label: str
    is_own: bool = False
    """It is the adapter of the job that the page is about."""


@dataclass(frozen=True)
class Choices:
    """The base model, and adapters with the newest first."""

    base: Choice
    adapters: list[Choice]
    is_cut: bool
    """There are more."""


def why_not(job: TrainingJob) -> str:
    """Why it has nothing to try; nothing where it has."""
    if job.is_active:
        return RUNNING.format(job.get_status_display().lower())
    if job.adapter is not None:
        return ""
    return PROBE if hasattr(job, "plan") and job.plan.is_probe else NO_ADAPTER


def choices(job: TrainingJob, user: AbstractBaseUser | AnonymousUser) -> Choices:
    """For a job with an adapter, which is always among them."""
    rows = tried.with_adapter(user).filter(base_model=job.base_model_id).exclude(pk=job.pk)
    found = list(rows[:MOST_ADAPTERS])
    others = found[: MOST_ADAPTERS - 1]
    jobs = sorted([job, *others], key=lambda one: one.created_at, reverse=True)
    adapters = [Choice(tried.Model(job.base_model, one).name, _label(one), one == job) for one in jobs]
    return Choices(Choice(job.base_model.name, job.base_model.name), adapters, len(found) > len(others))


def _label(job: TrainingJob) -> str:
    """Its title, which others may have, too, with the time that it was started at."""
    partial = "" if job.status == status.COMPLETED else " · partial"
    return f"{job.title} · {timezone.localtime(job.created_at):%-d %b %Y, %H:%M}{partial}"
