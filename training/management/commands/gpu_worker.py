"""``manage.py gpu_worker``: a Celery worker that runs training jobs on this host."""

from typing import Any

from celery.bin.celery import celery
from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.models import GpuType


class Command(BaseCommand):
    help = (
        "Serve the queues of this host's GPUs, one job at a time. Without --gpu it serves every GPU type's queue, "
        "which is meant for development: a host without a GPU then trains on its CPU."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--gpu",
            action="append",
            metavar="NAME",
            help="GPU type this host has (repeatable), e.g. A100-80GB.",
        )
        parser.add_argument("--name", default="gpu", help="Worker name, unique on this host (default: gpu).")

    def handle(self, *, gpu: list[str] | None, name: str, **_: Any) -> None:
        types = {type_.name: type_ for type_ in GpuType.objects.all()}
        if unknown := set(gpu or ()) - types.keys():
            raise CommandError(f"Unknown GPU type {', '.join(sorted(unknown))}. Known: {', '.join(types)}.")
        queues = ",".join(types[wanted].queue for wanted in gpu or types)
        # Threads: a job only waits for its trainer process, and must hear of a shutdown while it does.
        options = ["--pool=threads", "--concurrency=1", "-Q", queues, "-n", f"{name}@%h", "--loglevel=WARNING"]
        celery.main(args=["-A", "pipeline", "--quiet", "worker", *options])  # exits with the worker's code
