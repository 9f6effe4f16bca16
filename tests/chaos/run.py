"""One run of the chaos: jobs over HTTP, kills, the wait for the end, and the count."""

import argparse
import contextlib
import json
import random
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from tests.chaos.scene import Scene  # sets Django up
from tests.chaos.stage import Stage
from training.core import status
from training.models import JobEvent, TrainingJob

SECONDS_BETWEEN_KILLS = (1.5, 4.0)


class Run:
    def __init__(self, var: Path, options: argparse.Namespace) -> None:
        self.options = options
        self.seed = random.randrange(10**6) if options.seed is None else options.seed
        self.random = random.Random(self.seed)
        self.stage = Stage(var, self.random)
        self.scene = Scene(self.stage.port)
        self.created: list[str] = []
        self.requests = 0

    def run(self) -> int:
        print(
            f"chaos with seed {self.seed}: {self.options.jobs} jobs, {self.options.seconds:.0f} s of kills", flush=True
        )
        with self.stage.servers():
            self.scene.prepare()
            with self.stage.processes():
                began = time.monotonic()
                self._torment()
                is_over = self._wait_for_the_end()
                seconds = time.monotonic() - began
            failures = self._report(is_over, seconds)
        for failure in failures:
            print(f"BROKEN: {failure}")
        if failures:
            self._show_logs()
        return 1 if failures else 0

    def _torment(self) -> None:
        """Create jobs and kill things, both at random moments, until the time is over and all jobs are created."""
        end = time.monotonic() + self.options.seconds
        next_kill = time.monotonic() + 3.0
        next_job = 0.0
        while time.monotonic() < end or len(self.created) < self.options.jobs:
            now = time.monotonic()
            if now >= next_job and len(self.created) < self.options.jobs:
                self._create()
                next_job = now + self.random.uniform(0, self.options.seconds / self.options.jobs)
            if next_kill <= now < end:
                self.stage.kill(self.random.choice(self.stage.targets()))
                next_kill = time.monotonic() + self.random.uniform(*SECONDS_BETWEEN_KILLS)
            self.stage.revive()
            time.sleep(0.05)

    def _create(self) -> None:
        """Ask for a job until it is answered with 201, under one key: whatever dies, it is one job."""
        self.requests += 1
        with contextlib.suppress(OSError, ValueError):
            self.created.append(self.scene.create_job(key=f"chaos-{len(self.created)}"))

    def _wait_for_the_end(self) -> bool:
        end = time.monotonic() + self.options.patience
        while time.monotonic() < end:
            self.stage.revive()
            try:
                if not TrainingJob.objects.active().exists():
                    return True
            except (OperationalError, InterfaceError):
                close_old_connections()
            time.sleep(0.5)
        return False

    def _report(self, is_over: bool, seconds: float) -> list[str]:
        """Print the figures; returns what is broken."""
        jobs = list(TrainingJob.objects.all())
        statuses = Counter(job.status for job in jobs)
        journal = [json.loads(line) for line in (settings.RUNS_DIR / "trainers.jsonl").read_text().splitlines()]
        starts = [line for line in journal if line["event"] == "start"]
        at_once = [line for line in starts if not line["exclusive"]]
        completed = [job for job in jobs if job.status == status.COMPLETED]
        wrong_steps = [
            job
            for job in completed
            if list(job.metrics.values_list("step", flat=True)) != list(range(1, job.total_steps + 1))
            or job.current_step != job.total_steps
        ]
        without_adapter = [job for job in completed if job.artifacts.count() != 1]
        lost = set(self.created) - {str(job.pk) for job in jobs}
        broken_histories = [job for job in jobs if not is_chain(list(job.events.order_by("id")))]
        recoveries = JobEvent.objects.filter(from_status__in=status.CLAIMED, to_status=status.QUEUED).count()
        print(f"in {seconds:.0f} s; kills: " + ", ".join(f"{n} {name}" for name, n in sorted(self.stage.kills.items())))
        print(f"requests to create: {self.requests}; answered with 201: {len(self.created)}; jobs: {len(jobs)}")
        print("jobs by status: " + ", ".join(f"{n} {name}" for name, n in sorted(statuses.items())))
        print(f"trainers started: {len(starts)}; at the same time as another of their job: {len(at_once)}")
        print(f"returned to the queue: {recoveries}; most attempts of a job: {max(job.attempt for job in jobs)}")
        print(f"completed with other than exactly their steps: {len(wrong_steps)}")
        checks = {
            f"{statuses} are not all final after {self.options.patience:.0f} s": not is_over,
            f"jobs lost: {lost}": bool(lost),
            f"{len(jobs)} jobs of {len(self.created)} requests": len(jobs) != len(self.created),
            f"trainers of one job at once: {at_once}": bool(at_once),
            f"wrong steps: {wrong_steps}": bool(wrong_steps),
            f"not one adapter: {without_adapter}": bool(without_adapter),
            f"histories with a gap: {broken_histories}": bool(broken_histories),
            "no job was completed": not completed,
        }
        return [text for text, is_broken in checks.items() if is_broken]

    def _show_logs(self) -> None:
        for log in sorted((self.stage.var / "log").glob("*.log")):
            print(f"--- {log.name}")
            print("\n".join(log.read_text(errors="replace").splitlines()[-40:]))


def is_chain(events: list[JobEvent]) -> bool:
    """Whether each event starts where the one before ended, and attempts only count up."""
    return all(
        before.to_status == after.from_status and before.attempt <= after.attempt for before, after in pairwise(events)
    )
