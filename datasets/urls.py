from django.urls import path

from datasets import api, views

app_name = "datasets"

urlpatterns = [
    path("datasets", views.dataset_list, name="list"),
    path("datasets/upload", views.upload, name="upload"),
    path("datasets/<uuid:pk>", views.detail, name="detail"),
    path("datasets/<uuid:pk>/status", views.status, name="status"),
    path("datasets/<uuid:pk>/preview", views.preview, name="preview"),
    path("datasets/<uuid:pk>/upload", views.upload, name="upload_version"),
    path("datasets/<uuid:pk>/go-on", views.go_on, name="go_on"),
    path("datasets/<uuid:pk>/cancel", views.cancel, name="cancel"),
    path("datasets/<uuid:pk>/validate", views.validate, name="validate"),
    path("datasets/<uuid:pk>/read", views.read_again, name="read_again"),
    path("datasets/<uuid:pk>/split", views.split, name="split"),
    path("datasets/<uuid:pk>/manage", views.rename, name="manage"),
    path("datasets/<uuid:pk>/delete", views.delete, name="delete"),
    path("datasets/<uuid:pk>/problems.csv", views.problems, name="problems"),
    path("datasets/<uuid:pk>/left-out.csv", views.left_out, name="left_out"),
    path("datasets/<uuid:pk>/download", views.download, name="download"),
    path("datasets/<uuid:pk>/versions/<int:number>/download", views.download, name="download_version"),
    path("api/datasets", api.DatasetsView.as_view(), name="api_datasets"),
    path("api/datasets/<uuid:pk>", api.DatasetView.as_view(), name="api_dataset"),
    path("api/datasets/<uuid:pk>/errors", api.ErrorsView.as_view(), name="api_errors"),
    path("api/datasets/<uuid:pk>/preview", api.PreviewView.as_view(), name="api_preview"),
    path("api/datasets/<uuid:pk>/versions", api.VersionsView.as_view(), name="api_versions"),
    path("api/datasets/<uuid:pk>/validate", api.ValidateView.as_view(), name="api_validate"),
    path("api/datasets/<uuid:pk>/continue", api.ContinueView.as_view(), name="api_continue"),
    path("api/datasets/<uuid:pk>/cancel", api.CancelView.as_view(), name="api_cancel"),
    path("api/datasets/<uuid:pk>/download", api.DownloadView.as_view(), name="api_download"),
    path("api/datasets/<uuid:pk>/left-out", api.LeftOutView.as_view(), name="api_left_out"),
]
