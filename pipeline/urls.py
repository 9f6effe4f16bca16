"""Every address of the product."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

from pipeline import metrics, views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="datasets:list"), name="home"),
    path("", include("datasets.urls")),
    path("", include("training.urls")),
    path("", include("notifications.urls")),
    path("login", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("account", views.account, name="account"),
    path("account/password", views.ChangePassword.as_view(), name="password_change"),
    path("account/tokens", views.create_token, name="token_create"),
    path("account/tokens/<str:token_key>/revoke", views.revoke_token, name="token_revoke"),
    path("admin/", admin.site.urls),
    path("metrics", metrics.metrics, name="metrics"),
]

admin.site.site_header = admin.site.site_title = "Pipeline"
admin.site.index_title = "Administration"

handler404 = "pipeline.views.not_found"
handler500 = "pipeline.views.server_error"
