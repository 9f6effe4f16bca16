from django.urls import path

from datasets import views

app_name = "datasets"

urlpatterns = [
    path("datasets", views.dataset_list, name="list"),
    path("datasets/upload", views.upload, name="upload"),
    path("datasets/<uuid:pk>", views.detail, name="detail"),
    path("datasets/<uuid:pk>/status", views.status, name="status"),
    path("datasets/<uuid:pk>/download", views.download, name="download"),
]
