"""``python -m tests.chaos``: real jobs, real workers, and a killer. Prints the invariants as figures; 1 if one broke.

Everything runs as in production, on servers of its own: web, beat, workers for small tasks and for data sets, two GPU
workers that train on the CPU. For a bounded time people upload, ask for estimates and delete, and something breaks at
random moments: a worker, a trainer, beat, the web server or the broker is killed with -9, PostgreSQL is restarted, a
disk is full for some seconds, or read-only. Then jobs and uploads are given time to end.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from pipeline import embedded

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "pipeline.settings",
    "OMP_NUM_THREADS": "1",
    "PIPELINE_TRAINER_DEVICE": "cpu",
    "PIPELINE_WORKER_SILENCE_SECONDS": "6",
    "PIPELINE_SWEEP_SECONDS": "1",
    "PIPELINE_RETRY_DELAY_SECONDS": "0.1",
    "PIPELINE_MAX_ATTEMPTS": "8",
    "PIPELINE_CHECKPOINT_SECONDS": "1",
    "PIPELINE_STOP_GRACE_SECONDS": "5",
    "PIPELINE_LOG_LEVEL": "INFO",
    "PIPELINE_RATE_API": "100000/min",
    "PIPELINE_RATE_ESTIMATES": "100000/min",
    "PIPELINE_RATE_JOBS": "100000/min",
    "PIPELINE_RATE_UPLOADS": "100000/min",
    "PIPELINE_QUOTA_DATASETS": "100000",
}


def use(var: Path, **settings: str) -> None:
    """Have this process, and those it starts, run on servers and folders of their own under ``var``."""
    var.chmod(0o755)  # for servers started by root, which run as another user
    os.environ |= ENVIRONMENT | {
        "PIPELINE_VAR": str(var),
        "PIPELINE_MODELS_DIR": str(var / "models"),
        "PIPELINE_TOKENIZER": "tiny",
        "DATABASE_URL": embedded.database_url(var),
        "REDIS_URL": embedded.redis_url(var),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    } | settings  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=600, help="how long things break")
    parser.add_argument("--patience", type=float, default=600, help="seconds for all to end afterwards")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pipeline-chaos-", dir="/tmp") as folder:  # short, for the sockets in it
        var = Path(folder)
        use(var)
        from tests.chaos.run import Run  # reads the settings: they must be in the environment by now

        return Run(var, options).run()


if __name__ == "__main__":
    sys.exit(main())
