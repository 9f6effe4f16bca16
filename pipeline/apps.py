"""The project as an app of its own, which has templates and formats and no models; and its admin site."""

from django.apps import AppConfig
from django.contrib.admin import apps


class PipelineConfig(AppConfig):
    """Pipeline."""

    name = "pipeline"


class AdminConfig(apps.AdminConfig):
    """Django's, with our site."""

    default = False
    default_site = "pipeline.admin_site.Site"
