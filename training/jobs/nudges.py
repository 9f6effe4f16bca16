"""Messages that tell workers of a waiting job. The database decides what is done: a message only wakes a worker.

Tasks are named, not imported: who starts a job needs none of what runs it. A queue never holds more messages than jobs
wait for it, so that nothing piles up where no worker listens; what is missing, the sweep sends again.
"""

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from celery import current_app
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from pipeline.nudges import AGAIN_AFTER, MOST_AT_ONCE, messages_in
from training.core import status
from training.models import Tally, TrainingJob, gpu_queue

logger = logging.getLogger(__name__)

RUN_NEXT_JOB = "training.tasks.run_next_job"


def nudge(job: TrainingJob) -> None:
    """Tell the workers of the job's GPU that one waits."""
    _tell({job.gpu_config["type"]: [job.pk]})


def sweep() -> None:
    """Send again what may have been lost; of each GPU type no more than MOST_AT_ONCE, the rest next time."""
    _tell({gpu: _lost(gpu) for gpu in _waiting()})


def _lost(gpu: str) -> list[UUID]:
    jobs = TrainingJob.objects.on_gpus([gpu]).unannounced(AGAIN_AFTER)
    return list(jobs.values_list("pk", flat=True)[:MOST_AT_ONCE])


def _waiting() -> dict[str, int]:
    """How many jobs wait, by GPU type; those that are held back among them."""
    return Tally.objects.by_gpu([status.QUEUED])


def _tell(jobs: Mapping[str, Sequence[UUID]]) -> None:
    """Tell the workers of each GPU type, where their queue has room. A broker that is down is no harm."""
    told = [pk for found in jobs.values() for pk in found]
    if not told:
        return
    TrainingJob.objects.filter(pk__in=told).update(nudged_at=Now())
    waiting = _waiting()
    try:
        for gpu, found in jobs.items():
            queue = gpu_queue(gpu)
            room = waiting.get(gpu, 0) - messages_in(queue) if found else 0
            for _ in found[: max(0, room)]:
                current_app.send_task(RUN_NEXT_JOB, (gpu,), queue=queue, retry=False)
    except OperationalError as error:
        logger.warning("The broker did not take messages for %d jobs; the sweep will send them: %s", len(told), error)
