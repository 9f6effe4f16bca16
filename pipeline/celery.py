"""The Celery application. Messages are nudges: the database decides what is done (see docs/architecture.md)."""

import os

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")

app = Celery("pipeline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("training.workers.bootstep:SelfReport")


@signals.setup_logging.connect
def keep_logging_as_it_is(**_: object) -> None:
    """Celery sets logging up itself unless someone answers; the settings' LOGGING holds for its processes too."""
