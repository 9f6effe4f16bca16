from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "pipeline"
    default = True

    def ready(self) -> None:
        from pipeline import checks  # noqa: F401 - registering them is what importing is for


class TokensConfig(AppConfig):
    """Knox, under a name that says what it keeps."""

    name = "knox"
    verbose_name = "API tokens"
