"""How long a price takes: the estimate (API and page) against an empty answer of the same server, in turn.

The promise is a price within half a second of a change, of which the debounce takes nothing: it comes before.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 300

sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 - after django.setup()
from django.core.management import call_command  # noqa: E402
from knox.models import AuthToken  # noqa: E402

from datasets.models import Dataset  # noqa: E402


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", "--noinput", verbosity=0)
    user, _ = get_user_model().objects.get_or_create(username="benchmark")
    dataset = Dataset.objects.create(
        user=user, name="Benchmark", status="ready", training_ready=True, total_training_pairs=1000,
        total_tokens=200_000,
    )  # fmt: skip
    token, secret = AuthToken.objects.create(user)
    try:
        measure(str(dataset.pk), secret)
    finally:
        token.delete()
        dataset.delete()


def measure(dataset_id: str, secret: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    granian = Path(sys.executable).with_name("granian")
    server = subprocess.Popen(
        [
            granian,
            "--interface",
            "wsgi",
            "--no-ws",
            "--port",
            str(port),
            "--log-level",
            "error",
            "pipeline.wsgi:application",
        ],
        cwd=ROOT,
    )
    base = f"http://127.0.0.1:{port}"
    body = {
        "dataset_id": dataset_id,
        "gpu_config": {"type": "A100-80GB", "count": 2},
        "hyperparameters": {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16},
    }
    estimate = urllib.request.Request(
        f"{base}/api/jobs/estimate",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
    )
    requests = {"empty answer (/healthz)": urllib.request.Request(f"{base}/healthz"), "estimate (API)": estimate}
    try:
        wait_for(base)
        seconds: dict[str, list[float]] = {name: [] for name in requests}
        for turn in range(ROUNDS + 20):
            for name, request in requests.items():
                began = time.perf_counter()
                urllib.request.urlopen(request).read()
                if turn >= 20:
                    seconds[name].append(time.perf_counter() - began)
    finally:
        server.terminate()
        server.wait()
    empty, priced = seconds.values()
    for name, values in seconds.items():
        middle, slow = statistics.median(values) * 1000, sorted(values)[int(0.95 * ROUNDS)] * 1000
        print(f"{name:26} median {middle:6.2f} ms, 95 % within {slow:6.2f} ms")
    ratios = [price / nothing for price, nothing in zip(priced, empty, strict=True)]
    print(f"estimate / empty answer    median ratio {statistics.median(ratios):.1f} over {ROUNDS} pairs")


def wait_for(base: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{base}/healthz", timeout=1).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
