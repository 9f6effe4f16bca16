"""How many answers a second 50 clients get: estimates against the smallest answers that need a sign-in, in turn.

The web server of the Procfile with the settings as delivered, database and broker of its own in a temporary folder.
Each request has the server to itself for some seconds, and they take turns: what else the machine does hits them
alike, so ratios hold where absolute figures do not. With ``--profile``, what the time of one request goes into.
"""

import argparse
import base64
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline import embedded  # noqa: E402 - the project is on the path by now
from pipeline.processes import read_procfile  # noqa: E402
from tests.chaos.stage import free_port  # noqa: E402

RUNS = 2000
"""Measured runs of the history."""
UNLIMITED = {f"PIPELINE_RATE_{name}": "1000000000/min" for name in ("API", "ESTIMATES")}
"""Requests are counted as they always are, but one user may make them all."""


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="pipeline-bench-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)  # for PostgreSQL, started by root
        os.environ |= {"PIPELINE_VAR": folder, "DJANGO_SETTINGS_MODULE": "pipeline.settings", **UNLIMITED}
        os.environ.setdefault("PIPELINE_MODELS_DIR", str(ROOT / "var" / "models"))
        with embedded.servers(Path(folder)) as urls:
            os.environ |= urls
            prepare()
            from benchmarks.throughput_scene import Scene

            scene = Scene()
            if options.profile:
                from benchmarks.throughput_profile import profile

                scene.fill(RUNS)
                profile({name: scene.requests()[name] for name in names(scene, options)}, options.requests)
            else:
                compare(scene, options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3, help="of one turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", default="", help="requests whose name begins like one of these, with commas between")
    parser.add_argument("--quick", action="store_true", help="only with the history, and the GPU types first on offer")
    parser.add_argument("--profile", action="store_true", help="what the time goes into, in one process")
    parser.add_argument("--requests", type=int, default=300, help="of each, for the profile")
    return parser.parse_args()


def prepare() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", "--noinput", verbosity=0)


def names(scene: "Scene", options: argparse.Namespace) -> list[str]:  # noqa: F821 - imported once Django is set up
    wanted = tuple(options.only.split(","))
    return [name for name in scene.requests() if name.startswith(wanted)]


def compare(scene: "Scene", options: argparse.Namespace) -> None:  # noqa: F821
    with server() as port, load(port, options.clients) as clients:
        if not options.quick:
            measure("4 GPU types, nothing measured", scene, clients, options)
        scene.fill(RUNS)
        measure(f"4 GPU types, {RUNS:,} runs measured", scene, clients, options)
        if not options.quick:
            count = scene.offer_all()
            measure(f"{count} GPU types, {RUNS:,} runs measured", scene, clients, options)


@contextmanager
def server() -> Iterator[int]:
    port = free_port()
    binaries = Path(sys.executable).parent
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PIPELINE_HOST": "127.0.0.1",
        "PIPELINE_PORT": str(port),
    }
    words = shlex.split(read_procfile(ROOT / "Procfile")["web"])
    process = subprocess.Popen(
        [Template(word).safe_substitute(environment) for word in words], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


@contextmanager
def load(port: int, clients: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(ROOT / "benchmarks" / "load.py"), str(port), str(clients)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def measure(
    title: str, scene: "Scene", clients: subprocess.Popen[str], options: argparse.Namespace  # noqa: F821
) -> None:  # fmt: skip
    from benchmarks.throughput_scene import SMALLEST

    asked = {name: scene.requests()[name] for name in names(scene, options)}
    answers: dict[str, list[tuple[float, list[float]]]] = {name: [] for name in asked}
    for turn in range(options.turns + 1):
        for name, requests in asked.items():
            found = ask(clients, [one.raw for one in requests], options.seconds if turn else 1)
            if turn:
                answers[name].append(found)
    smallest = [min(turn) for turn in zip(*(rates(answers[name]) for name in SMALLEST if name in answers), strict=True)]
    print(f"\n{title}; {options.clients} clients, medians of {options.turns} turns of {options.seconds:g} s")
    print(f"{'':26}{'answers/s':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'p99/p50':>9}{'of smallest':>13}")
    for name, turns in answers.items():
        middle, slow, slowest = (statistics.median(quantile(one, share) for _, one in turns) for share in (50, 95, 99))
        spread = statistics.median(quantile(one, 99) / quantile(one, 50) for _, one in turns)
        ratios = [rate / least for rate, least in zip(rates(turns), smallest, strict=False)] or [float("nan")]
        print(
            f"{name:26}{statistics.median(rates(turns)):10.0f}{middle * 1000:9.1f}{slow * 1000:9.1f}"
            f"{slowest * 1000:9.1f}{spread:9.2f}{statistics.median(ratios):13.2f}",
            flush=True,
        )


def ask(clients: subprocess.Popen[str], requests: list[str], seconds: float) -> tuple[float, list[float]]:
    """Answers a second, and how long each took."""
    assert clients.stdin is not None
    assert clients.stdout is not None
    clients.stdin.write(json.dumps({"requests": requests, "seconds": seconds}) + "\n")
    clients.stdin.flush()
    line = clients.stdout.readline()
    if not line:
        raise SystemExit(f"an answer was no 200, to: {base64.b64decode(requests[0])[:300]!r}")
    found = json.loads(line)
    return len(found["latencies"]) / found["seconds"], found["latencies"]


def rates(turns: list[tuple[float, list[float]]]) -> list[float]:
    return [rate for rate, _ in turns]


def quantile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


if __name__ == "__main__":
    main()
