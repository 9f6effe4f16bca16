"""What Celery starts in each worker beside its pool."""

import logging
from typing import Any

from celery import bootsteps

from training.workers.name_lock import NameLock, NameTaken
from training.workers.presence import Reporter

logger = logging.getLogger(__name__)


class SelfReport(bootsteps.StartStopStep):
    """The reporter as a part of a Celery worker. It stops before the pool, which waits for the task at hand."""

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        self._lock = NameLock(worker.hostname)
        try:
            self._lock.take()
            self._reporter = Reporter(worker.hostname, lambda: sorted(worker.app.amqp.queues.consume_from))
            self._reporter.start()
        except NameTaken as error:
            logger.critical("%s Stop it, or start this one under another name.", error)
            raise SystemExit(1) from error

    def stop(self, worker: Any) -> None:
        self._reporter.stop()

    def terminate(self, worker: Any) -> None:
        self._reporter.stop()
