"""The trainer as its worker holds it: a program with a lease on its life."""

import signal
import sys
from pathlib import Path

from pipeline import confinement
from pipeline.base_models import may_fetch
from pipeline.programs import Program

TRAINING_DIR = Path(__file__).resolve().parents[1]


class Trainer(Program):
    """A trainer's process group.

    Its standard input is its lease: it lives as long as the pipe is open and ``renew_lease`` is called often enough.
    """

    def __init__(self, job_file: Path) -> None:
        online = may_fetch()
        command = confinement.confined([sys.executable, "-m", "trainer", str(job_file)], online=online)
        super().__init__(command, cwd=TRAINING_DIR, env=confinement.environment(online=online), stderr=True)

    def renew_lease(self) -> None:
        """Let it live on; harmless when it has ended."""
        self.write(b".")


def explain(returncode: int) -> tuple[str, str]:
    """Code and message for a trainer that ended without saying why."""
    if returncode == -signal.SIGKILL:
        return "killed", (
            "The trainer was killed by the operating system, most likely because the machine ran out of memory. "
            "Choose a smaller batch size or a larger GPU, and start again."
        )
    if returncode < 0:
        name = signal.Signals(-returncode).name
        return "crashed", f"The trainer crashed ({name}). The end of its log is below."
    return "crashed", f"The trainer stopped unexpectedly with exit code {returncode}. The end of its log is below."
