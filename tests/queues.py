"""The broker's queues, as tests want them."""

import contextlib

from celery import current_app


@contextlib.contextmanager
def emptied(queue):
    """Without the messages of other tests, and without leaving any."""
    _purge(queue)
    yield
    _purge(queue)


def _purge(queue):
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge(queue)
