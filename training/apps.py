"""The app's start: what is registered elsewhere by being imported here."""

from importlib import import_module

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """Estimates, jobs, workers."""

    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Checks of settings, why a data set is needed, files that go with their rows, the metrics of jobs, and
        what a validation's tokens are for runs."""
        for module in ("checks", "jobs.data", "jobs.files", "jobs.quotas", "web.metrics", "workers.data_fits"):
            import_module(f"{self.name}.{module}")
