"""The project as an app of its own: it has templates and formats, and no models."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """Pipeline."""

    name = "pipeline"
