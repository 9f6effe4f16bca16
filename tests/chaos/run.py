"""One run of the chaos: jobs and people over HTTP, kills and faults, the wait for the end, and the count."""

import argparse
import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import InterfaceError, OperationalError, close_old_connections

from tests.chaos.scene import Scene  # sets Django up, before what needs it
from tests.chaos.stage import Stage

from tests.chaos import jobs, stored  # isort: skip
from training.models import TrainingJob  # isort: skip

SECONDS_BETWEEN_KILLS = (1.5, 4.0)
SECONDS_OF_A_FAULT = (1.5, 5.0)


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
            self.people = self.scene.people(self.stage.outages, self.seed)
            with self.stage.processes():
                began = time.monotonic()
                self.people.start()
                try:
                    self._torment()
                finally:
                    self.people.stop()
                is_over = self._wait_for_the_end()
                seconds = time.monotonic() - began
            failures = self._report(is_over, seconds)
        for failure in failures:
            print(f"BROKEN: {failure}")
        if failures:
            self._show_logs()
        return 1 if failures else 0

    def _torment(self) -> None:
        """Create jobs and break things, both at random moments, until the time is over and all jobs are created."""
        end = time.monotonic() + self.options.seconds
        next_kill = time.monotonic() + 3.0
        next_job = 0.0
        targets = self._targets()
        while time.monotonic() < end or len(self.created) < self.options.jobs:
            now = time.monotonic()
            if now >= next_job and len(self.created) < self.options.jobs:
                self._create()
                next_job = now + self.random.uniform(0, self.options.seconds / self.options.jobs)
            if next_kill <= now < end:
                self._break(next(targets))
                next_kill = time.monotonic() + self.random.uniform(*SECONDS_BETWEEN_KILLS)
            self.stage.mend(now)
            self.stage.revive()
            time.sleep(0.05)
        self.stage.mend(float("inf"))

    def _targets(self) -> Iterator[str]:
        """A fault of each kind first; then each target once, in a random order, and again: so a short run is varied."""
        faults = sorted(self.stage.faults.items())
        yield from {kind: fault for fault, (kind, _) in self.random.sample(faults, k=len(faults))}.values()
        while True:
            yield from self.random.sample(targets := self.stage.targets(), k=len(targets))

    def _break(self, target: str) -> None:
        if target in self.stage.faults:
            self.stage.spoil(target, seconds=self.random.uniform(*SECONDS_OF_A_FAULT))
        else:
            self.stage.kill(target)

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
                if not TrainingJob.objects.active().exists() and stored.is_everything_read():
                    return True
            except (OperationalError, InterfaceError):
                close_old_connections()
            time.sleep(0.5)
        return False

    def _report(self, is_over: bool, seconds: float) -> list[str]:
        """Print the figures; returns what is broken."""
        print(f"in {seconds:.0f} s; kills: " + ", ".join(f"{n} {name}" for name, n in sorted(self.stage.kills.items())))
        broken = {f"not all is over after {self.options.patience:.0f} s": not is_over}
        for findings in (jobs.look(self.created, self.requests), stored.look(self.people)):
            print("\n".join(findings.figures), flush=True)
            broken |= findings.broken
        return [text for text, is_broken in broken.items() if is_broken]

    def _show_logs(self) -> None:
        for log in sorted((self.stage.var / "log").glob("*.log")):
            print(f"--- {log.name}")
            print("\n".join(log.read_text(errors="replace").splitlines()[-40:]))
