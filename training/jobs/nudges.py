"""Messages that tell workers of a waiting job. The database decides what is done: a message only wakes a worker.

Tasks are named, not imported: who starts a job needs none of what runs it. A queue never holds more messages than jobs
wait for it, so that nothing piles up where no worker listens; what is missing, the sweep sends again.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from typing import Any

from celery import current_app
from django.db.models import Count
from django.db.models.fields.json import KT
from django.db.models.functions import Now
from kombu import Connection
from kombu.exceptions import ChannelError, OperationalError

from training.models import TrainingJob, gpu_queue

logger = logging.getLogger(__name__)

RUN_NEXT_JOB = "training.tasks.run_next_job"


def nudge(job: TrainingJob) -> None:
    """Tell the workers of the job's GPU that one waits."""
    nudge_all([job])


def nudge_all(jobs: Iterable[TrainingJob]) -> None:
    """Tell the workers of each job's GPU, where their queue has room. A broker that is down is no harm."""
    jobs = list(jobs)
    TrainingJob.objects.filter(pk__in=[job.pk for job in jobs]).update(nudged_at=Now())
    try:
        with current_app.connection_for_write() as connection:
            room = _room(connection, {job.gpu_config["type"] for job in jobs})
        for job in jobs:
            if room[job.queue] > 0:
                room[job.queue] -= 1
                current_app.send_task(RUN_NEXT_JOB, (job.gpu_config["type"],), queue=job.queue, retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take messages for %d jobs; the sweep will send them: %s", len(jobs), error)


def _room(connection: Connection, gpu_types: set[str]) -> Counter[str]:
    """How many more messages the queue of each of these GPU types may hold."""
    waiting = TrainingJob.objects.waiting().on_gpus(gpu_types).order_by()
    counts = waiting.values_list(KT("gpu_config__type")).annotate(Count("pk"))
    room = Counter({gpu_queue(name): count for name, count in counts})
    for queue in room:
        room[queue] -= _message_count(connection, queue)
    return room


def _message_count(connection: Connection, queue: str) -> int:
    try:
        channel: Any = connection.default_channel
        count: int = channel.queue_declare(queue, passive=True).message_count
    except ChannelError:  # nobody has sent there yet
        return 0
    return count
