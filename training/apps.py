"""The app's start: what is registered elsewhere by being imported here."""

from importlib import import_module

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """Estimates, jobs, workers."""

    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Checks of settings, why a data set is needed, files that go with their rows, and the metrics of jobs."""
        for module in ("checks", "jobs.data", "jobs.files", "web.metrics"):
            import_module(f"{self.name}.{module}")
