"""The short form of ``make chaos``."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_THIS_RUN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")


def test_nothing_is_lost_or_run_twice_while_things_are_killed():
    environment = {name: value for name, value in os.environ.items() if name not in OF_THIS_RUN}
    command = [sys.executable, "-m", "tests.chaos", "--jobs", "4", "--seconds", "20", "--patience", "400"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
