from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("notifications", views.notification_list, name="list"),
    path("notifications/read", views.read_all, name="read"),
    path("notifications/<uuid:pk>/open", views.open_one, name="open"),
]
