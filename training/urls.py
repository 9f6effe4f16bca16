"""The addresses of estimates and jobs."""

from django.urls import path

from training.web.api import actions as api_actions
from training.web.api import chat as api_chat
from training.web.api import estimates as api_estimates
from training.web.api import jobs as api_jobs
from training.web.views import accuracy, compare, configure, job_actions, jobs, try_out

app_name = "training"

urlpatterns = [
    path("training/configure", configure.configure, name="configure"),
    path("training/configure/estimate", configure.estimate, name="estimate"),
    path("training/accuracy", accuracy.accuracy, name="accuracy"),
    path("training/jobs", jobs.jobs, name="jobs"),
    path("training/jobs/compare", compare.compare, name="compare"),
    path("training/jobs/<uuid:job_id>", jobs.job, name="job"),
    path("training/jobs/<uuid:job_id>/status", jobs.job_status, name="job_status"),
    path("training/jobs/<uuid:job_id>/metrics", jobs.job_metrics, name="job_metrics"),
    path("training/jobs/<uuid:job_id>/try", try_out.try_out, name="try"),
    path("training/jobs/<uuid:job_id>/try/prompts", try_out.try_prompts, name="try_prompts"),
    path("training/jobs/<uuid:job_id>/again", job_actions.again, name="again"),
    path("training/jobs/<uuid:job_id>/edit", job_actions.edit, name="edit"),
    path("training/jobs/<uuid:job_id>/delete", job_actions.delete, name="delete"),
    path("training/jobs/<uuid:job_id>/cancel", job_actions.cancel, name="cancel"),
    path("training/jobs/<uuid:job_id>/retry", job_actions.retry, name="retry"),
    path("v1/models", api_chat.ModelsView.as_view(), name="v1_models"),
    path("v1/chat/completions", api_chat.ChatView.as_view(), name="v1_chat"),
    path("api/jobs/estimate", api_estimates.EstimateView.as_view(), name="api_estimate"),
    path("api/jobs", api_jobs.JobsView.as_view(), name="api_jobs"),
    path("api/jobs/<uuid:job_id>", api_jobs.JobView.as_view(), name="api_job"),
    path("api/jobs/<uuid:job_id>/cancel", api_actions.CancelView.as_view(), name="api_cancel"),
    path("api/jobs/<uuid:job_id>/retry", api_actions.RetryView.as_view(), name="api_retry"),
    path("api/jobs/<uuid:job_id>/adapter", api_actions.AdapterView.as_view(), name="adapter"),
]
