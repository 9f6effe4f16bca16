"""Start the tokenizing program, follow it, stop it. What it finds comes back as a Result."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datasets.formats.problems import Problem
from datasets.tokenizing.findings import Findings
from datasets.tokenizing.run import CACHE, LEFT_OUT, RESULT, Pass
from pipeline import confinement
from pipeline.programs import Program

ROOT = Path(__file__).resolve().parents[2]
BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.05
"""How often it is looked whether the program has ended."""

OnDetected = Callable[[dict[str, Any], list[str]], None]


class PassFailed(Exception):
    """The program ended without a result; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a pass has left."""

    findings: Findings
    fingerprint: str
    cache: Path
    left_out: Path


def read_through(
    asked: Pass, on_beat: Callable[[float], bool], on_detected: OnDetected = lambda options, columns: None
) -> Result | None:
    """Run the program to its end. ``None`` when it was stopped; its parts stay, to be continued.

    Args:
        asked: the pass.
        on_beat: called once a second with the share that is done. When it answers ``False`` (or raises), the program
            is killed.
        on_detected: called with options and columns, where the pass has no options and they were found out.

    Raises PassFailed, OSError.
    """
    folder = Path(asked.folder)
    folder.mkdir(parents=True, exist_ok=True)
    job = folder.with_suffix(".json")
    job.write_text(json.dumps(asdict(asked)))
    command = confinement.confined([sys.executable, "-m", "datasets.tokenizing", str(job)])
    program = Program(command, cwd=ROOT, env=confinement.environment())
    try:
        said = _follow(program, on_beat, on_detected)
    finally:
        program.kill()
        job.unlink(missing_ok=True)
    if said is None:
        return None
    if program.returncode and "errno" in said:  # of the machine's making, not the file's
        raise OSError(said["errno"], os.strerror(said["errno"]))
    if program.returncode:
        raise PassFailed(_problem(said, program.returncode))
    return result_in(folder)


def _follow(program: Program, on_beat: Callable[[float], bool], on_detected: OnDetected) -> dict[str, Any] | None:
    """The last thing that the program said; ``None`` when it is no longer wanted."""
    said: dict[str, Any] = {}
    share, beat_at = 0.0, time.monotonic() + BEAT_SECONDS
    while not program.is_over:
        line = program.next_line(timeout=max(0.0, min(beat_at - time.monotonic(), LOOK_SECONDS)))
        if line is not None:
            said = json.loads(line)
            share = said.get("share", share)
            if "options" in said:
                on_detected(said["options"], said["columns"])
        if time.monotonic() >= beat_at:
            if not on_beat(share):
                return None
            beat_at = time.monotonic() + BEAT_SECONDS
    return said


def _problem(said: dict[str, Any], code: int) -> Problem:
    """Why it ended without a result."""
    if "reason" in said:
        return Problem(**{"line": None} | said)
    how = "was killed, most likely for lack of memory" if code == -signal.SIGKILL else f"ended with code {code}"
    return Problem("unreadable", None, f"The program reading the file {how}. Try again; the worker's log may say more.")


def result_in(folder: Path) -> Result:
    """What lies in the folder of a pass that has come to its end."""
    values = json.loads((folder / RESULT).read_text())
    fingerprint = values.pop("fingerprint")
    return Result(
        findings=Findings.from_dict(values),
        fingerprint=fingerprint,
        cache=folder / CACHE,
        left_out=folder / LEFT_OUT,
    )
