"""Messages that only wake a worker: the database says what is to be done, and a sweep sends again what was lost.

Tasks are named, not imported: who has something done needs none of what does it.
"""

import logging
from datetime import timedelta

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(seconds=30)
"""What no worker has taken for so long is told of again: its message may have been lost."""


def send(task: str, argument: str | int) -> None:
    """Have a task run with its one argument. A broker that is down is no harm: the sweep tells again."""
    try:
        current_app.send_task(task, (argument,), retry=False)
    except OperationalError:
        logger.warning("%s(%s): the broker did not take the message; the sweep will send it again", task, argument)
