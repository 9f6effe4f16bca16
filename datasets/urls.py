"""The addresses of data sets."""

from django.urls import path

from datasets.web.api import content, dataset, reading, upload
from datasets.web.views import changes, detail, files, lists
from datasets.web.views import upload as upload_page

app_name = "datasets"

urlpatterns = [
    path("datasets", lists.dataset_list, name="list"),
    path("datasets/upload", upload_page.upload, name="upload"),
    path("datasets/<uuid:pk>", detail.detail, name="detail"),
    path("datasets/<uuid:pk>/status", detail.status, name="status"),
    path("datasets/<uuid:pk>/preview", detail.preview, name="preview"),
    path("datasets/<uuid:pk>/upload", upload_page.upload, name="upload_version"),
    path("datasets/<uuid:pk>/go-on", changes.go_on, name="go_on"),
    path("datasets/<uuid:pk>/cancel", changes.cancel, name="cancel"),
    path("datasets/<uuid:pk>/validate", changes.validate, name="validate"),
    path("datasets/<uuid:pk>/read", changes.read_again, name="read_again"),
    path("datasets/<uuid:pk>/split", changes.split, name="split"),
    path("datasets/<uuid:pk>/manage", changes.rename, name="manage"),
    path("datasets/<uuid:pk>/delete", changes.delete, name="delete"),
    path("datasets/<uuid:pk>/problems.csv", files.problems, name="problems"),
    path("datasets/<uuid:pk>/left-out.csv", files.left_out, name="left_out"),
    path("datasets/<uuid:pk>/download", files.download, name="download"),
    path("datasets/<uuid:pk>/versions/<int:number>/download", files.download, name="download_version"),
    path("api/datasets", upload.DatasetsView.as_view(), name="api_datasets"),
    path("api/datasets/<uuid:pk>", dataset.DatasetView.as_view(), name="api_dataset"),
    path("api/datasets/<uuid:pk>/errors", content.ErrorsView.as_view(), name="api_errors"),
    path("api/datasets/<uuid:pk>/preview", content.PreviewView.as_view(), name="api_preview"),
    path("api/datasets/<uuid:pk>/versions", upload.VersionsView.as_view(), name="api_versions"),
    path("api/datasets/<uuid:pk>/validate", reading.ValidateView.as_view(), name="api_validate"),
    path("api/datasets/<uuid:pk>/continue", reading.ContinueView.as_view(), name="api_continue"),
    path("api/datasets/<uuid:pk>/cancel", reading.CancelView.as_view(), name="api_cancel"),
    path("api/datasets/<uuid:pk>/download", content.DownloadView.as_view(), name="api_download"),
    path("api/datasets/<uuid:pk>/left-out", content.LeftOutView.as_view(), name="api_left_out"),
]
