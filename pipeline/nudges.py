"""Messages that only wake a worker: the database says what is to be done, and a sweep sends again what was lost.

Tasks are named, not imported: who has something done needs none of what does it.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import ChannelError, OperationalError

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(seconds=30)
"""What no worker has taken for so long is told of again: its message may have been lost."""


MOST_AT_ONCE = 100
"""Of each kind, a sweep looks at so many, those first that wait longest; at the rest next time."""


def messages_in(queue: str) -> int:
    """How many messages a queue holds. Raises OperationalError when the broker is down."""
    with current_app.connection_for_write() as connection:
        try:
            channel: Any = connection.default_channel
            count: int = channel.queue_declare(queue, passive=True).message_count
        except ChannelError:  # nobody has sent there yet
            return 0
    return count


def send_again(task: str, arguments: Sequence[str | int], *, waiting: int) -> None:
    """Have a task run for each of these, as far as its queue holds no more messages than there is ``waiting``."""
    queue = settings.CELERY_TASK_ROUTES[task]["queue"]
    try:
        room = waiting - messages_in(queue) if arguments else 0
        for argument in arguments[: max(0, room)]:
            current_app.send_task(task, (argument,), retry=False)
    except OperationalError as error:
        logger.warning("%s: the broker did not take the messages; the sweep will send them again: %s", task, error)


def send(task: str, argument: str | int) -> None:
    """Have a task run with its one argument. A broker that is down is no harm: the sweep tells again."""
    try:
        current_app.send_task(task, (argument,), retry=False)
    except OperationalError:
        logger.warning("%s(%s): the broker did not take the message; the sweep will send it again", task, argument)
