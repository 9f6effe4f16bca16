"""A worker's name is its own on its host."""

import errno
import hashlib
import os
import socket
import time
from datetime import datetime

from celery.worker.state import maybe_shutdown
from django.conf import settings
from django.db import Error, connection

from training.models import Worker

PATIENCE_SECONDS = 30.0
"""For a predecessor to store what its trainer left, after the grace that the trainer has."""


class NameTaken(Exception):
    """Another worker of this name is alive; the message says where."""


class NameLock:
    """Holds a worker's name on this host. The kernel frees it however the process ends.

    A row alone could not tell a restart after ``kill -9`` from a second worker: both find a fresh one.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def take(self) -> None:
        """Wait for a predecessor that is stopping. Raises NameTaken as soon as it is seen to report itself."""
        deadline = time.monotonic() + settings.STOP_GRACE_SECONDS + PATIENCE_SECONDS
        seen = last_report(self._name)
        while not self._bind():
            if last_report(self._name) not in (seen, None):
                raise NameTaken(f"A worker named {self._name} runs on this host already.")
            if time.monotonic() > deadline:
                raise NameTaken(f"A worker named {self._name} runs on this host already and does not stop.")
            maybe_shutdown()
            time.sleep(0.2)
        os.register_at_fork(after_in_child=self._socket.close)  # a pool's child must not hold it longer than we do

    def _bind(self) -> bool:
        database = connection.settings_dict
        place = [database["HOST"], database["PORT"], database["NAME"], database["OPTIONS"].get("host"), self._name]
        try:
            self._socket.bind(f"\0pipeline-worker-{hashlib.sha256(repr(place).encode()).hexdigest()[:32]}")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        return True


def last_report(name: str) -> datetime | None:
    """When a worker of that name was last heard of, if the database knows of one and can be asked."""
    try:
        return Worker.objects.filter(name=name).values_list("last_seen_at", flat=True).first()
    except Error:
        connection.close()
        return None
