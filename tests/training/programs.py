"""The programs beside the training, as a worker starts them: a process, a job file, JSON lines."""

import subprocess
import sys
from pathlib import Path

from tests.training.trainer.conftest import TRAINING_DIR, environment, outside


class Started:
    """A program's process, and the events that it has said so far."""

    def __init__(self, name, spec, decode):
        folder = Path(spec.folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "job.json").write_text(spec.to_json())
        self.decode = decode
        self.process = subprocess.Popen(
            [sys.executable, "program.py", name, str(folder / "job.json")],
            cwd=TRAINING_DIR,
            env=environment(),
            stdin=subprocess.PIPE,  # when it closes, the program takes us for dead
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        self.events = []

    def read_until(self, kind):
        """The first event of this kind, not yet read; ``None`` at the end of the output."""
        for line in self.process.stdout:
            self.output += line
            if (event := self.decode(line)) is not None:
                self.events.append(event)
                if isinstance(event, kind):
                    return event
        return None

    def wait(self):
        """Read to the end; returns the exit status."""
        self.read_until(type(None))
        return self.process.wait(timeout=120)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def end(self):
        return self.events[-1]


def as_program(code, *arguments):
    """Run code that imports the programs' modules, as ``program.py`` has them; returns what it printed."""
    package = (
        "import sys, types\n"
        "sys.modules['training'] = package = types.ModuleType('training')\n"
        f"package.__path__ = [{str(TRAINING_DIR)!r}]\n"
    )
    return outside(package + code, *arguments)
