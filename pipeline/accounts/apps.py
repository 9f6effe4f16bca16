"""The app of accounts: the lowest, which every other may import."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Sign-in, API tokens, quotas."""

    name = "pipeline.accounts"
    verbose_name = "Accounts"
