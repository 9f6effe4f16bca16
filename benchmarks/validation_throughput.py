"""How fast a data set is validated: parsing and counting tokens, against only reading and parsing its JSON."""

import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import django

ROOT = Path(__file__).resolve().parent.parent
ROWS = 40_000
ROUNDS = 3

sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
django.setup()

from datasets import validation  # noqa: E402 - after django.setup()
from datasets.tokens import chat_tokenizer  # noqa: E402


def make_file(path: Path) -> None:
    """Chats of demo answers, shuffled into longer ones."""
    demo = (ROOT / "datasets" / "demo" / "house-style.jsonl").read_text().splitlines()
    chats = [json.loads(line)["messages"][-2:] for line in demo]
    generator = random.Random(0)
    with path.open("w") as file:
        for _ in range(ROWS):
            messages = [message for chat in generator.choices(chats, k=generator.randint(1, 6)) for message in chat]
            file.write(json.dumps({"messages": messages}) + "\n")


def only_json(path: Path) -> None:
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


def full(path: Path) -> validation.Findings:
    findings = validation.Findings()
    dataset = SimpleNamespace(format="openai_chat", file_size=path.stat().st_size, pk=None)
    tokenizer = chat_tokenizer(validation.tokenizer_directory())
    with path.open("rb") as file:
        validation._read(file, dataset, tokenizer, findings)
    return findings


def timed(function: Callable[[Path], object], path: Path) -> float:
    began = time.perf_counter()
    function(path)
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chats.jsonl"
        make_file(path)
        megabytes = path.stat().st_size / 1024**2
        findings = full(path)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pairs = [(timed(full, path), timed(only_json, path)) for _ in range(ROUNDS)]
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = statistics.median(full_seconds for full_seconds, _ in pairs)
    print(f"{ROWS:,} rows, {megabytes:.0f} MB, {findings.tokens:,} tokens")
    print(
        f"validation: median {seconds:.2f} s: {ROWS / seconds:,.0f} rows/s, {findings.tokens / seconds:,.0f} tokens/s"
    )
    ratio = statistics.median(full_seconds / json_seconds for full_seconds, json_seconds in pairs)
    print(f"validation / JSON alone: median ratio {ratio:.1f}")
    print(f"peak memory {after / 1024:.0f} MB (after the first pass {before / 1024:.0f} MB)")


if __name__ == "__main__":
    main()
