"""Every address of the product. Apps are named, not imported."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from pipeline import metrics
from pipeline.schema.views import DocsView, SchemaView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="datasets:list"), name="home"),
    path("", include("datasets.urls")),
    path("", include("training.urls")),
    path("", include("notifications.urls")),
    path("", include("pipeline.accounts.urls")),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view(), name="api_docs"),
    path("admin/", admin.site.urls),
    path("metrics", metrics.metrics, name="metrics"),
]

admin.site.site_header = admin.site.site_title = "Pipeline"
admin.site.index_title = "Administration"

handler400 = "pipeline.errors.bad_request"
handler403 = "pipeline.errors.permission_denied"
handler404 = "pipeline.errors.not_found"
handler500 = "pipeline.errors.server_error"
