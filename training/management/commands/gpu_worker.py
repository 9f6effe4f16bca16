"""``manage.py gpu_worker``: a Celery worker that runs training jobs on this host."""

import logging
from typing import Any

from celery.bin.celery import celery
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.core.gpu_names import CUDA, known_as
from training.models import GpuType
from training.workers import host

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Serve the queues of this host's GPUs, one job at a time. Without --gpu they are those of the GPU types that "
        "the host's card is. A host without a card that the catalogue knows serves every queue, which is meant for "
        "development: it trains on its CPU, or on the card that it has."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--gpu",
            action="append",
            metavar="NAME",
            help="GPU type this host has (repeatable), e.g. A100-80GB.",
        )
        which.add_argument(
            "--every-queue",
            action="store_true",
            help="Stand in for every GPU type, whatever card this host has: for development.",
        )
        parser.add_argument("--name", default="gpu", help="Worker name, unique on this host (default: gpu).")

    def handle(self, *, gpu: list[str] | None, every_queue: bool, name: str, **_: Any) -> None:
        types = {type_.name: type_ for type_ in GpuType.objects.all()}
        wanted = [given for given in gpu or () if given]  # PIPELINE_GPU, of units and containers, may be empty
        if unknown := set(wanted) - types.keys():
            raise CommandError(f"Unknown GPU type {', '.join(sorted(unknown))}. Known: {', '.join(types)}.")
        own = self._own(types)
        served = wanted or (own if own and not every_queue else list(types))
        self._offer([types[known] for known in own if known in served])
        queues = ",".join(types[serve].queue for serve in served)
        # Threads: a job only waits for its trainer process, and must hear of a shutdown while it does.
        options = ["--pool=threads", "--concurrency=1", "-Q", queues, "-n", f"{name}@%h", "--loglevel=WARNING"]
        celery.main(args=["-A", "pipeline", "--quiet", "worker", *options])  # exits with the worker's code

    def _own(self, types: dict[str, GpuType]) -> list[str]:
        """What the catalogue knows this host's card as."""
        device = host.detect(settings.TRAINER_DEVICE)
        own = known_as(device.name, types) if device.kind == CUDA else []
        if device.kind == CUDA and not own:
            logger.warning(
                "The catalogue has no GPU type for this host's %s. Add one in the admin, under GPU types.",
                device.name or "GPU",
            )
        return own

    def _offer(self, own: list[GpuType]) -> None:
        """Say so where nobody can choose this host's card."""
        if own and not any(known.is_active for known in own):
            logger.warning(
                "This host's %s is not on offer, so nobody can choose it. Activate it in the admin, under Queues and "
                "workers; this worker then serves it at once.",
                own[0].label,
            )
