"""Actions on jobs that ask before they act. Each needs a permission of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.template.response import TemplateResponse

from pipeline.accounts.quotas import QuotaExceeded
from pipeline.http import SignedInRequest
from pipeline.long_lists import MOST_AT_ONCE
from training.jobs import actions
from training.jobs.data import DatasetNotReady
from training.models import TrainingJob

REFUSALS_SHOWN = 5


@dataclass(frozen=True)
class Verb:
    """``consequence`` is what the confirmation page says will happen; ``done`` follows a number of jobs."""

    name: str
    label: str
    consequence: str
    done: str
    act: Callable[..., None]


CANCEL = Verb(
    "cancel",
    "Cancel",
    "Queued jobs are cancelled at once. Running ones save a checkpoint and stop within moments; what they have "
    "trained so far is kept.",
    "cancelled or stopping",
    actions.job_cancel,
)


RETRY = Verb(
    "retry",
    "Retry",
    "Failed and cancelled jobs are queued again. They resume from their last checkpoint if there is one, and what "
    "they cost is added to what they have cost so far.",
    "queued again",
    actions.job_retry,
)
REQUEUE = Verb(
    "requeue",
    "Requeue",
    "The jobs are taken from their workers and queued again, to resume from their last checkpoint. What was trained "
    "since is lost. Use it for a worker that is alive but stuck; a dead one is noticed automatically.",
    "taken from their workers and queued again",
    actions.job_requeue,
)


def asking_first(verb: Verb) -> Callable[..., TemplateResponse | None]:
    """An admin action that shows the jobs and the consequence, and acts once that was confirmed."""

    @admin.action(description=f"{verb.label} selected training jobs", permissions=[verb.name])
    def action(
        model_admin: "admin.ModelAdmin[Any]", request: SignedInRequest, queryset: QuerySet[TrainingJob]
    ) -> TemplateResponse | None:
        count = queryset.order_by()[: MOST_AT_ONCE + 1].count()
        if count > MOST_AT_ONCE:
            model_admin.message_user(request, f"Select at most {MOST_AT_ONCE} jobs at a time.", messages.ERROR)
            return None
        if "confirmed" in request.POST:
            carry_out(verb, model_admin, request, queryset)
            return None
        context = model_admin.admin_site.each_context(request) | {
            "title": f"{verb.label} {count} training job{'' if count == 1 else 's'}?",
            "verb": verb,
            "action": action.__name__,
            "jobs": queryset.select_related("user", "dataset"),
            "opts": model_admin.opts,
            "media": model_admin.media,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/training/trainingjob/confirm.html", context)

    action.__name__ = f"{verb.name}_jobs"
    return action


def carry_out(
    verb: Verb, model_admin: "admin.ModelAdmin[Any]", request: SignedInRequest, queryset: QuerySet[TrainingJob]
) -> None:
    """Act on each job; says how many it was done for, and why not for the others."""
    done, refused = 0, []
    for job in queryset.select_related("dataset", "base_model"):
        try:
            verb.act(job=job, user=request.user)
            done += 1
        except (actions.JobRefused, DatasetNotReady, QuotaExceeded) as refusal:
            refused.append(f"{job.pk}: {refusal}")
    if done:
        model_admin.message_user(request, f"{done} {verb.done}.", messages.SUCCESS)
    for line in refused[:REFUSALS_SHOWN]:
        model_admin.message_user(request, line, messages.WARNING)
    if hidden := refused[REFUSALS_SHOWN:]:
        model_admin.message_user(request, f"{len(hidden)} more were refused.", messages.WARNING)
