"""The app's start: what is registered elsewhere by being imported here."""

from importlib import import_module

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Uploads, versions, validation."""

    name = "datasets"
    verbose_name = "Datasets"

    def ready(self) -> None:
        """Stored files go with their rows, and count for their user."""
        for module in ("cleanup", "quotas"):
            import_module(f"{self.name}.{module}")
