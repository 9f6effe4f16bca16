"""How fast the inference server answers, and whether it answers as plain ``peft`` does, on the bundled model.

``python benchmarks/inference.py [PROMPTS]`` (50 unless told): the server is a process as in production; beside it, in
this one, the same prompts go through peft's own ``generate``, in turn, so that what else the machine does hits both
alike. Two random adapters as strong as trained ones stand for those of two runs.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests" / "training" / "server"))

import torch  # noqa: E402 - after the path is set
from adapters import KINDS, make  # noqa: E402
from peft import PeftModel  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

MODEL = ROOT / "var" / "models" / "SmolLM2-135M-Instruct"
DATA = ROOT / "datasets" / "demo" / "house-style.jsonl"
NAMES = ("red", "blue")
STRENGTH = 0.02
TOKENS = 32
GOALS = {"first token, cold": 15.0, "first token, warm": 2.0, "adapter switch": 1.0}
"""Seconds, on two cores."""


def main(count: int) -> int:
    """Print the figures; 1 where an answer is another than peft's."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, kind in enumerate(NAMES):
            make(MODEL, folder / kind, seed, STRENGTH, **KINDS[kind])
        plain = Plain(folder)
        with Served(folder) as served:
            return compare(plain, served, prompts(count))


def prompts(count: int) -> list[str]:
    """Questions of the demo, as they come, again with another beginning where there are too few."""
    rows = [json.loads(line)["messages"] for line in DATA.read_text().splitlines()]
    asked = [next(message["content"] for message in row if message["role"] == "user") for row in rows]
    return [asked[at % len(asked)] + " And why?" * (at // len(asked)) for at in range(count)]


class Plain:
    """peft's own ``generate``, with a model for each adapter, and one that was never wrapped."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(MODEL)
        self.models = {"base": AutoModelForCausalLM.from_pretrained(MODEL).eval()}
        for name in NAMES:
            model = AutoModelForCausalLM.from_pretrained(MODEL)
            self.models[name] = PeftModel.from_pretrained(model, folder / name).eval()

    def answer(self, name: str, text: str) -> tuple[str, float]:
        """The greedy answer, and tokens a second, the prompt's time included."""
        inputs = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        began = time.perf_counter()
        ids = self.models[name].generate(**inputs, max_new_tokens=TOKENS, do_sample=False)
        ids = ids[0, inputs["input_ids"].shape[1] :]
        speed = len(ids) / (time.perf_counter() - began)
        return self.tokenizer.decode(ids, skip_special_tokens=True), speed


class Served:
    """The server, from its start to its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Served":
        socket = str(self.folder / "socket")
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "program.py", "server", "--model", str(MODEL), "--id", "base", "--socket", socket],
            cwd=ROOT / "training", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline() or "{}")
        if said.get("kind") != "ready":
            raise SystemExit(f"The server did not start: {said}")
        self.socket = socket
        return self

    def __exit__(self, *about: object) -> None:
        self.process.kill()
        self.process.wait()

    def post(self, path: str, body: dict[str, Any]) -> Iterator[str]:
        """The lines of an answer as they come, by curl."""
        command = ["curl", "-sN", "--unix-socket", self.socket, f"http://server/v1/{path}"]
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from process.stdout

    def load(self, name: str) -> None:
        """Load an adapter."""
        print(*self.post("load_lora_adapter", {"lora_name": name, "lora_path": str(self.folder / name)}))

    def answer(self, name: str, text: str) -> tuple[str, dict[str, float]]:
        """The greedy answer, and its timings: the server's own, and what was seen from here."""
        messages = [{"role": "user", "content": text}]
        body = {"model": name, "messages": messages, "temperature": 0, "max_tokens": TOKENS, "stream": True}
        body["stream_options"] = {"include_usage": True}
        began = time.perf_counter()
        first, pieces, last = 0.0, [], {}
        for line in self.post("chat/completions", body):
            if not line.startswith("data: {"):
                continue
            last = json.loads(line.removeprefix("data: "))
            for choice in last["choices"]:
                if piece := choice["delta"].get("content"):
                    first = first or time.perf_counter()
                    pieces.append(piece)
        speed = last["usage"]["completion_tokens"] / (time.perf_counter() - began)
        return "".join(pieces), last["timings"] | {"seen": first - began, "at": first, "whole": speed}


def compare(plain: Plain, served: Served, asked: list[str]) -> int:
    """Every prompt, to both in turn, each time with another of base and adapters than before."""
    _, first = served.answer("base", asked[0])
    found: dict[str, list[float]] = {
        "first token, cold": [first["at"] - served.began],
        "first token, warm": [], "adapter switch": [], "first after a switch": [],
    }  # fmt: skip
    speeds: dict[str, list[float]] = {"server": [], "peft": [], "server, after the first": []}
    for name in NAMES:
        served.load(name)
    plain.answer("base", asked[0])
    equal = dict.fromkeys(plain.models, 0)
    for text in asked:
        for name in plain.models:
            told, timings = served.answer(name, text)
            wanted, speed = plain.answer(name, text)
            equal[name] += told == wanted
            found["adapter switch"].append(timings["adapter_seconds"])
            found["first after a switch"].append(timings["seen"])
            speeds["server"].append(timings["whole"])
            speeds["server, after the first"].append(timings["tokens_per_second"] or 0)
            speeds["peft"].append(speed)
        found["first token, warm"].append(served.answer(name, text)[1]["seen"])
    report(found, speeds, equal, len(asked))
    return 0 if set(equal.values()) == {len(asked)} else 1


def report(found: dict[str, list[float]], speeds: dict[str, list[float]], equal: dict[str, int], prompts: int) -> None:
    """Print it."""
    for name, seconds in found.items():
        goal = f", goal {GOALS[name]:g} s" if name in GOALS else ""
        print(f"{name:24} median {statistics.median(seconds):7.3f} s, most {max(seconds):7.3f} s{goal}")
    for name, each in speeds.items():
        print(f"{name:24} median {statistics.median(each):7.1f} tokens/s")
    ratio = statistics.median(mine / theirs for mine, theirs in zip(speeds["server"], speeds["peft"], strict=True))
    print(f"server against peft      median of pairs {ratio:.2f}")
    for name, count in equal.items():
        print(f"{name:24} {count} of {prompts} greedy answers of up to {TOKENS} tokens equal")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
