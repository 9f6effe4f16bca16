"""Signing in and out, the account, its API tokens."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from pipeline.accounts import views

urlpatterns = [
    path("login", views.SignIn.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("account", views.account, name="account"),
    path("account/password", views.ChangePassword.as_view(), name="password_change"),
    path("account/tokens", views.create_token, name="token_create"),
    path("account/tokens/<str:token_key>/revoke", views.revoke_token, name="token_revoke"),
]
