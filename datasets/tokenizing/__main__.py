"""``python -m datasets.tokenizing PASS.json``: one pass, with its progress as lines of JSON on standard output.

Ends with its parent: when standard input, a pipe from it, closes.
"""

import json
import os
import resource
import signal
import stat
import sys
import threading
from dataclasses import asdict
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # processes share the cores, threads would only compete with them

from datasets.formats.detect import Detected
from datasets.formats.problems import FileProblem
from datasets.tokenizing.model_files import TokenizerNotFound
from datasets.tokenizing.run import Pass, run

MEMORY_BYTES = 1536 * 1024**2
"""What one process may hold: many times what a pass needs, and less than a file that is made to burst it wants."""


def main(file: str) -> int:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        run(
            Pass(**json.loads(Path(file).read_text())),
            on_progress=_say_progress,
            on_forked=_end_with_parent,
            on_detected=_say_detected,
        )
    except FileProblem as error:
        _say(**asdict(error.problem))
        return 1
    except TokenizerNotFound as error:
        _say(kind="tokenizer", reason=str(error))
        return 1
    except MemoryError:
        _say(
            kind="too_much",
            reason="Reading the file takes more memory than it may. Split it, or make its rows shorter.",
        )
        return 1
    except OSError as error:
        if error.errno is None:
            raise
        _say(errno=error.errno)
        return 1
    return 0


def _say_progress(share: float) -> None:
    _say(share=round(share, 4))


def _say_detected(detected: Detected) -> None:
    _say(options=detected.options.to_dict(), columns=detected.columns)


def _say(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.killpg(0, signal.SIGKILL) if os.getpgrp() == os.getpid() else os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
