"""How fast a data set is checked and tokenized, against the loop that a person would write; and in how much memory.

``python benchmarks/dataset_throughput.py [MEGABYTES …]`` (10 and 100 unless told): one file of each size, read by both
side by side, round about. Memory is the highest sum of the proportional set sizes of all processes.
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from datasets.formats.options import Options  # noqa: E402 - the path comes first
from datasets.tokenizing.program import read_through  # noqa: E402
from datasets.tokenizing.run import RESULT, Pass  # noqa: E402

MODEL = ROOT / "var" / "models" / "SmolLM2-135M-Instruct"
ROUNDS = 3
MANY_UP_TO_MEGABYTES = 10
BOTH_UP_TO_MEGABYTES = 200
PLAIN = """
import json, sys
from datetime import date
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from tokenizers import Tokenizer
from datasets.tokenizing.tokens import ChatTokenizer
chat = ChatTokenizer(Path(sys.argv[2]), date(2026, 1, 31)).template
tokenizer = Tokenizer.from_file(sys.argv[2] + "/tokenizer.json")
tokens = 0
with open(sys.argv[1]) as file:
    for line in file:
        tokens += len(tokenizer.encode(chat.render(json.loads(line)["messages"]), add_special_tokens=False).ids)
print(tokens)
"""


def rows(generator: random.Random) -> Iterator[str]:
    """Chats of one to three turns in the demo's words, no two alike: about 1.4 kB each."""
    demo = (ROOT / "datasets" / "demo" / "house-style.jsonl").read_text().splitlines()
    words = sorted(
        {word for line in demo for message in json.loads(line)["messages"] for word in message["content"].split()}
    )
    number = 0
    while True:
        messages = []
        for _ in range(generator.choice((1, 1, 1, 2, 3))):
            number += 1
            question = " ".join(generator.choices(words, k=generator.randint(5, 60)))
            answer = " ".join(generator.choices(words, k=generator.randint(10, 150)))
            messages += [{"role": "user", "content": f"{number} {question}"}, {"role": "assistant", "content": answer}]
        yield json.dumps({"messages": messages}) + "\n"


def make_file(path: Path, megabytes: int) -> None:
    written = 0
    with path.open("w") as file:
        for row in rows(random.Random(0)):
            written += file.write(row)
            if written >= megabytes * 1024**2:
                return


class Memory:
    """The highest memory of a process and its children, sampled while it is entered. Megabytes."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._over = threading.Event()

    def __enter__(self) -> "Memory":
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, sum(_megabytes(pid) for pid in _descendants(os.getpid())))


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
        for thread in threads:
            children += [int(child) for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split()]
    except OSError:
        return []
    found = set(children)
    return [*found, *(inner for child in found for inner in _descendants(child))]


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def ours(path: Path, folder: Path) -> None:
    """As the worker does it: every row checked, tokenized, and written to the cache."""
    asked = Pass(
        path=str(path),
        sha256=str(time.monotonic()),
        options=Options(container="jsonl", shape="openai_chat").to_dict(),
        tokenizer=str(MODEL),
        today="2026-01-31",
        folder=str(folder / "parts"),
        unpacked_limit=2**40,
        row_limit=10**8,
        processes=len(os.sched_getaffinity(0)),
    )
    assert read_through(asked, lambda _: True) is not None


def plain(path: Path, _: Path) -> int:
    """json.loads and the tokenizer, row by row, in one process: nothing checked, nothing kept."""
    command = [sys.executable, "-c", PLAIN, str(path), str(MODEL), str(ROOT)]
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false"}
    return int(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


@dataclass(frozen=True)
class Cost:
    seconds: float
    cpu_seconds: float
    """Of all its processes: what counts where others use the machine as well."""
    megabytes: float


def cost(function: Callable[[Path, Path], object], path: Path, folder: Path) -> Cost:
    before = _cpu_seconds()
    began = time.perf_counter()
    with Memory() as memory:
        function(path, folder)
    return Cost(time.perf_counter() - began, _cpu_seconds() - before, memory.peak)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(megabytes: int, folder: Path) -> None:
    path = folder / "chats.jsonl"
    make_file(path, megabytes)
    size = path.stat().st_size / 1e6
    mine: list[Cost] = []
    theirs: list[Cost] = []
    for _ in range(ROUNDS if megabytes <= MANY_UP_TO_MEGABYTES else 1):
        mine.append(cost(ours, path, folder))
        if megabytes <= BOTH_UP_TO_MEGABYTES:
            theirs.append(cost(plain, path, folder))
    tokens = json.loads((folder / "parts" / RESULT).read_text())["tokens"]
    print(f"{size:,.0f} MB, {tokens:,} tokens")
    say("ours", mine, size, tokens)
    if theirs:
        say("plain loop", theirs, size, tokens)
        ratio = statistics.median(b.seconds / a.seconds for a, b in zip(mine, theirs, strict=True))
        print(f"  ours is {ratio:.2f} times as fast")


def say(name: str, costs: list[Cost], size: float, tokens: int) -> None:
    seconds = statistics.median(one.seconds for one in costs)
    cpu = statistics.median(one.cpu_seconds for one in costs)
    memory = max(one.megabytes for one in costs)
    print(
        f"  {name}: {seconds:,.1f} s ({cpu:,.1f} s of CPU), {size / seconds:.2f} MB/s, "
        f"{tokens / seconds:,.0f} tokens/s, peak memory {memory:,.0f} MB",
        flush=True,
    )


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [10, 100]
    print(f"{len(os.sched_getaffinity(0))} cores")
    for megabytes in sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure(megabytes, Path(folder))


if __name__ == "__main__":
    main()
