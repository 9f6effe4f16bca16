"""How soon an idle worker has a new job, and how soon training goes on after a kill.

Real web server, broker, database and workers as in ``tests.chaos``, with the settings as delivered; the tiny model.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.chaos.__main__ import use  # noqa: E402 - the project is on the path by now

AS_DELIVERED = {
    "PIPELINE_WORKER_SILENCE_SECONDS": "60",
    "PIPELINE_SWEEP_SECONDS": "5",
    "PIPELINE_RETRY_DELAY_SECONDS": "5",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100, help="for the time to the claim")
    parser.add_argument("--kills", type=int, default=3, help="of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pipeline-bench-", dir="/tmp") as folder:
        use(Path(folder), **AS_DELIVERED)
        from tests.chaos.scene import Scene  # reads the settings: they must be in the environment by now
        from tests.chaos.stage import Stage

        stage = Stage(Path(folder), random.Random(1))
        scene = Scene(stage.port)
        with stage.servers():
            scene.prepare()
            with stage.processes():
                from training.models import Worker

                wait(lambda: Worker.objects.count() >= 2, seconds=60)
                time.sleep(3)
                claims(scene, options.jobs)
                recoveries(scene, stage, options.kills)


def claims(scene: "Scene", count: int) -> None:  # noqa: F821 - imported once the environment is set
    from training.models import JobEvent

    milliseconds = []
    for _ in range(count):
        job = scene.create_job()
        answered = time.time()
        claimed = wait(lambda job=job: JobEvent.objects.filter(job=job, to_status="initializing").first(), seconds=60)
        milliseconds.append(max(0.0, claimed.created_at.timestamp() - answered) * 1000)
        cancel(scene, job)
    milliseconds.sort()
    last = milliseconds[min(count - 1, int(count * 0.99))]
    print(f"201 to initializing, idle worker, {count} jobs: median {statistics.median(milliseconds):.0f} ms, ", end="")
    print(f"99th percentile {last:.0f} ms", flush=True)


def recoveries(scene: "Scene", stage: "Stage", count: int) -> None:  # noqa: F821
    from training.models import TrainingJob

    def goes_on(job: str) -> bool:
        row = TrainingJob.objects.get(pk=job)
        return row.attempt == 2 and row.status == "running" and row.current_step > (row.checkpoint_step or 0)

    for what in ("trainer", "worker"):
        seconds = []
        for _ in range(count):
            job = scene.create_job(epochs=20, batch_size=1)
            wait(lambda job=job: TrainingJob.objects.get(pk=job).checkpoint_step, seconds=90)
            worker = TrainingJob.objects.get(pk=job).worker
            began = time.monotonic()
            stage.kill("trainer" if what == "trainer" else f"GPU worker {worker.partition('@')[0][-1]}")
            wait(lambda job=job: goes_on(job), seconds=180)
            seconds.append(time.monotonic() - began)
            cancel(scene, job)
        print(
            f"training again after a killed {what}, {count} times: median {statistics.median(seconds):.1f} s",
            flush=True,
        )


def cancel(scene: "Scene", job: str) -> None:  # noqa: F821
    from training.models import TrainingJob

    scene.post(f"/{job}/cancel", {})
    wait(lambda: TrainingJob.objects.get(pk=job).status == "cancelled", seconds=60)


def wait(question: Callable[[], Any], *, seconds: float) -> Any:
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise SystemExit("waited in vain")
        time.sleep(0.02)
    return answer


if __name__ == "__main__":
    main()
