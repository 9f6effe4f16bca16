from django.urls import path

from training import api
from training.views import accuracy, configure, jobs

app_name = "training"

urlpatterns = [
    path("training/configure", configure.configure, name="configure"),
    path("training/configure/estimate", configure.estimate, name="estimate"),
    path("training/accuracy", accuracy.accuracy, name="accuracy"),
    path("training/jobs", jobs.jobs, name="jobs"),
    path("training/jobs/<uuid:job_id>", jobs.job, name="job"),
    path("training/jobs/<uuid:job_id>/status", jobs.job_status, name="job_status"),
    path("training/jobs/<uuid:job_id>/metrics", jobs.job_metrics, name="job_metrics"),
    path("training/jobs/<uuid:job_id>/cancel", jobs.cancel, name="cancel"),
    path("training/jobs/<uuid:job_id>/retry", jobs.retry, name="retry"),
    path("api/jobs/estimate", api.EstimateView.as_view(), name="api_estimate"),
    path("api/jobs", api.JobsView.as_view(), name="api_jobs"),
    path("api/jobs/<uuid:job_id>", api.JobView.as_view(), name="api_job"),
    path("api/jobs/<uuid:job_id>/cancel", api.CancelView.as_view(), name="api_cancel"),
    path("api/jobs/<uuid:job_id>/retry", api.RetryView.as_view(), name="api_retry"),
    path("api/jobs/<uuid:job_id>/adapter", api.AdapterView.as_view(), name="adapter"),
]
