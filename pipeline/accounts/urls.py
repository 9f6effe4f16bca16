"""Signing in and out, the account, its API tokens."""

from django.contrib.auth import views as auth
from django.urls import path

from pipeline.accounts import views

urlpatterns = [
    path("login", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("account", views.account, name="account"),
    path("account/password", views.ChangePassword.as_view(), name="password_change"),
    path("account/tokens", views.create_token, name="token_create"),
    path("account/tokens/<str:token_key>/revoke", views.revoke_token, name="token_revoke"),
]
