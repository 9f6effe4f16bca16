"""``make fuzz``: schemathesis over the whole document, against the real web server, as each who may ask.

``FUZZ_ARGS="--examples 2000 --seed 7 --only token"``. The servers are embedded ones in a folder of their own; no worker
runs, so that what is queued stays queued, and is gone with the folder.
"""

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import yaml

from pipeline import embedded
from tests.chaos.stage import free_port

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
UNLIMITED = dict.fromkeys(
    ["RATE_API", "RATE_ESTIMATES", "RATE_JOBS", "RATE_UPLOADS", "RATE_SIGN_IN", "RATE_WRONG_TOKENS"], "1000000/s"
) | {"QUOTA_WAITING_JOBS": "0", "QUOTA_DATASETS": "0", "QUOTA_BYTES": "0"}
IDENTITIES = ("token", "session", "anonymous")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.openapi", description=__doc__)
    parser.add_argument("--examples", type=int, default=300, help="of each operation")
    parser.add_argument("--seed", type=int, default=secrets.randbits(31))
    parser.add_argument("--only", choices=IDENTITIES, action="append")
    arguments, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="pipeline-fuzz-", dir="/tmp") as folder, contextlib.ExitStack() as stack:
        var = Path(folder)
        os.environ |= {f"PIPELINE_{name}": value for name, value in UNLIMITED.items()}
        os.environ |= {"PIPELINE_VAR": folder, "DJANGO_SETTINGS_MODULE": "pipeline.settings"}
        os.environ.setdefault("PIPELINE_MODELS_DIR", str(ROOT / "var" / "models"))
        os.environ |= stack.enter_context(embedded.servers(var))
        identities = _prepared(var / "openapi.yaml")
        port = free_port()
        stack.enter_context(_server(port, var / "web.log"))
        worst = 0
        for name in arguments.only or IDENTITIES:
            print(f"As {name}, seed {arguments.seed}", flush=True)
            worst = max(worst, _run(var, port, identities[name], arguments, more))
        return worst


def _prepared(path: Path) -> dict[str, dict[str, str]]:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.openapi.scene import Scene, document

    call_command("migrate", verbosity=0)
    scene = Scene()
    path.write_text(yaml.safe_dump(document(), allow_unicode=True))
    return scene.identities


@contextlib.contextmanager
def _server(port, log):
    with log.open("wb") as output:
        command = [sys.executable, "-m", "pipeline.serving", "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                break
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(30)


def _run(var, port, headers, arguments, more):
    command = [
        Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
        "run", var / "openapi.yaml", "--url", f"http://127.0.0.1:{port}", "--checks", "all",
        "--max-examples", str(arguments.examples), "--seed", str(arguments.seed), "--generation-database", "none",
        *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")), *more,
    ]  # fmt: skip
    return subprocess.run([str(part) for part in command], cwd=var, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
