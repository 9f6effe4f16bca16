"""What the guard and the training processes, however many, tell each other: files in the run's directory."""

import os
from pathlib import Path


class Flags:
    """The files of one attempt."""

    def __init__(self, run_dir: Path) -> None:
        self.stop = run_dir / "stop"
        """Somebody wants the run to stop after the step in progress."""
        self.begun = run_dir / "begun"
        """The run is past loading: its first step is under way, or done."""
        self._outcome = run_dir / "outcome"

    def clear(self) -> None:
        """Remove what an earlier attempt left."""
        for path in (self.stop, self.begun, self._outcome):
            path.unlink(missing_ok=True)

    def conclude(self, code: int) -> bool:
        """Settle the trainer's exit status. ``False`` when another process already has: only the first speaks, as
        what goes wrong in the others is then a consequence."""
        try:
            os.symlink(str(code), self._outcome)  # made whole or not at all, also on a full disk
        except FileExistsError:
            return False
        return True

    @property
    def outcome(self) -> int | None:
        """The exit status that was settled on, once all processes have ended."""
        try:
            return int(os.readlink(self._outcome))
        except FileNotFoundError:
            return None
