from django.urls import path

from training import api, views

app_name = "training"

urlpatterns = [
    path("training/configure", views.configure, name="configure"),
    path("training/configure/estimate", views.estimate, name="estimate"),
    path("training/jobs", views.jobs, name="jobs"),
    path("training/jobs/<uuid:job_id>", views.job, name="job"),
    path("training/jobs/<uuid:job_id>/status", views.job_status, name="job_status"),
    path("training/jobs/<uuid:job_id>/metrics", views.job_metrics, name="job_metrics"),
    path("training/jobs/<uuid:job_id>/cancel", views.cancel, name="cancel"),
    path("api/jobs/estimate", api.EstimateView.as_view(), name="api_estimate"),
    path("api/jobs", api.JobsView.as_view(), name="api_jobs"),
    path("api/jobs/<uuid:job_id>", api.JobView.as_view(), name="api_job"),
    path("api/jobs/<uuid:job_id>/cancel", api.CancelView.as_view(), name="api_cancel"),
    path("api/jobs/<uuid:job_id>/adapter", api.AdapterView.as_view(), name="adapter"),
]
