"""The app of API tokens, under a name that says what it keeps."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Knox."""

    name = "knox"
    verbose_name = "API tokens"
