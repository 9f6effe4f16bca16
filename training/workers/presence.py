"""Workers report themselves: each Celery worker process keeps a row in the database, from start to orderly stop.

A thread of the worker writes it rather than a task, since a worker's one slot is busy while it trains. The row of a
worker that was killed stays behind and stops being ``alive``.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, IntegrityError, close_old_connections, connection, transaction
from django.db.models.functions import Now

from pipeline.base_models import Place, may_fetch
from training.jobs.base_models import loadable_here, places_on_offer
from training.models import Worker
from training.workers import host
from training.workers.name_lock import NameTaken

logger = logging.getLogger(__name__)

REPORT_SECONDS = 5.0
LOOK_SECONDS = 60.0
"""How often a worker looks which base models its host has; sooner where the catalogue has changed."""
FORGET_AFTER = timedelta(days=7)
"""When a worker that is never coming back (its host is gone) leaves the list."""


class Reporter:
    """Keeps one worker's row up to date."""

    def __init__(self, name: str, queues: Callable[[], list[str]]) -> None:
        self._name = name
        self._queues = queues
        self._host = socket.gethostname()
        self._device = host.detect(settings.TRAINER_DEVICE)
        self._places: dict[str, Place] = {}
        self._base_models: list[str] = []
        self._looked_at = float("-inf")
        self._row = 0  # of no row: not written yet
        self._is_failing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="self-report", daemon=True)

    def start(self) -> None:
        """Report for the first time, then every REPORT_SECONDS. Raises NameTaken, in which case nothing was started.

        A database that is away is no reason not to start: the thread goes on trying.
        """
        self._try(lambda: self._register(replace_on=self._host))
        self._thread.start()

    def stop(self) -> None:
        """Take the row away: no job is to wait for this worker any more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(REPORT_SECONDS)
        self._try(lambda: Worker.objects.filter(pk=self._row).delete())
        connection.close()

    def _run(self) -> None:
        while not self._stopping.wait(REPORT_SECONDS):
            try:
                self._try(self._report)
            except NameTaken as error:
                self._say_once("%s Give each worker a name of its own.", error)
        connection.close()

    def _report(self) -> None:
        seen = Worker.objects.filter(pk=self._row).update(last_seen_at=Now(), **self._able_to())
        if not seen:  # never written, or removed by another's hand
            self._register()

    def _register(self, *, replace_on: str | None = None) -> None:
        """Write the row anew. Raises NameTaken if one of the name is alive, unless its host is ``replace_on``."""
        able_to = self._able_to()
        with transaction.atomic():
            other = Worker.objects.alive().filter(name=self._name).exclude(host=replace_on or "").first()
            if other:
                raise NameTaken(f"A worker named {self._name} is alive on {other.host}.")
            Worker.objects.filter(name=self._name).delete()
            Worker.objects.filter(last_seen_at__lt=Now() - FORGET_AFTER).delete()
            self._row = Worker.objects.create(
                name=self._name,
                host=self._host,
                device=self._device.kind,
                device_name=self._device.name,
                gpu_count=self._device.gpu_count,
                **able_to,
                started_at=Now(),
                last_seen_at=Now(),
            ).pk

    def _able_to(self) -> dict[str, Any]:
        """What it serves, and the base models that it could train: files come and go while it is there."""
        places, now = places_on_offer(), time.monotonic()
        if places != self._places or now - self._looked_at >= LOOK_SECONDS:
            self._base_models = loadable_here(places)
            self._places, self._looked_at = places, now
        return {"queues": self._queues(), "base_models": self._base_models, "may_fetch": may_fetch()}

    def _try(self, write: Callable[[], object]) -> None:
        """Write; a database that is away is said once, and tried again on a new connection next time."""
        try:
            close_old_connections()
            write()
        except IntegrityError as error:
            raise NameTaken(f"Another worker named {self._name} is starting at this moment.") from error
        except Error as error:
            connection.close()
            self._say_once("Worker %s cannot report itself, and goes on trying: %s", self._name, error)
        else:
            if self._is_failing:
                logger.info("Worker %s reports itself again", self._name)
            self._is_failing = False

    def _say_once(self, message: str, *values: object) -> None:
        if not self._is_failing:
            logger.error(message, *values)
        self._is_failing = True
