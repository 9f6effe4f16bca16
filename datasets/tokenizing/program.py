"""Start the tokenizing program, follow it, stop it. What it finds comes back as a Result."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from datasets.formats.problems import Problem
from datasets.tokenizing.findings import Findings
from datasets.tokenizing.run import CACHE, LEFT_OUT, RESULT, Pass

ROOT = Path(__file__).resolve().parents[2]
BEAT_SECONDS = 1.0


class PassFailed(Exception):
    """The program ended without a result; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class Result:
    findings: Findings
    fingerprint: str
    context: int | None
    """The longest sequence that the model was made for, in tokens, where it is known."""
    cache: Path
    left_out: Path


def read_through(asked: Pass, on_beat: Callable[[float], bool]) -> Result | None:
    """Run the program to its end. ``on_beat`` is called once a second with the share that is done.

    When it answers ``False`` (or raises), the program is killed, and ``None`` is returned; its parts stay, to be
    continued. Raises PassFailed, OSError.
    """
    folder = Path(asked.folder)
    folder.mkdir(parents=True, exist_ok=True)
    job = folder.with_suffix(".json")
    job.write_text(json.dumps(asdict(asked)))
    process = subprocess.Popen(
        [sys.executable, "-m", "datasets.tokenizing", str(job)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    said = _Heard(process)
    try:
        is_wanted = _follow(process, said, on_beat)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        said.close()
        job.unlink(missing_ok=True)
    if not is_wanted:
        return None
    if process.returncode:
        raise PassFailed(said.problem(process.returncode))
    return result_in(folder)


class _Heard:
    """What the program says, read by a thread."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._last: dict[str, object] = {}
        self.share = 0.0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._last = json.loads(line)
            self.share = float(self._last.get("share", self.share))  # type: ignore[arg-type]

    def close(self) -> None:
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def problem(self, code: int) -> Problem:
        """Why it ended without a result."""
        if "reason" in self._last:
            return Problem(str(self._last["kind"]), None, str(self._last["reason"]))
        how = "was killed, most likely for want of memory" if code == -signal.SIGKILL else f"ended with code {code}"
        return Problem("unreadable", None, f"Reading the file {how}. Try again; the worker's log may say more.")


def _follow(process: subprocess.Popen[bytes], said: _Heard, on_beat: Callable[[float], bool]) -> bool:
    while True:
        try:
            process.wait(timeout=BEAT_SECONDS)
        except subprocess.TimeoutExpired:
            if not on_beat(said.share):
                return False
        else:
            return True


def result_in(folder: Path) -> Result:
    values = json.loads((folder / RESULT).read_text())
    fingerprint, context = values.pop("fingerprint"), values.pop("context")
    return Result(
        findings=Findings.from_dict(values),
        fingerprint=fingerprint,
        context=context,
        cache=folder / CACHE,
        left_out=folder / LEFT_OUT,
    )
