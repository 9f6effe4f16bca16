"""How fast pages answer while clients hold 500 connections, against the same server left alone just before.

``slow_clients.py upload`` sends 1 GB at a limited rate instead, and says how fast pages answer meanwhile;
``slow_clients.py streams`` has 20 answers of the bundled model grow.
"""

import argparse
import asyncio
import contextlib
import hashlib
import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
HELD = 500
SECONDS = 15
"""That each measurement takes."""
DOWNLOAD_BYTES = 300 * 1024**2
UPLOAD_BYTES = 1024**3
UPLOAD_RATE = 20 * 1024**2
STREAMS = 20

POST = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
KINDS = {  # what is sent at once, and then every second
    "half heads": ("GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a"),
    "bodies with a length": (f"{POST}Content-Length: 60000\r\n\r\n", "a"),
    "bodies in chunks": (f"{POST}Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
    "slow readers": ("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n", ""),
    "idle connections": ("", ""),
}


async def hold(port: int, kind: str, filled: dict[str, str]) -> None:
    """Hold the connections, a byte a second each; a reader takes a kilobyte a second. Says how many, every second."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    first, next_ = KINDS[kind]
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(HELD):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, first.format(**filled).encode())
        clients.append(client)
    if "readers" in kind:
        for client in clients:  # until each has been answered
            await loop.sock_recv(client, 1)
    while True:
        print(len(clients), flush=True)
        for client in list(clients):
            await asyncio.sleep(1 / HELD)
            try:
                if "readers" in kind and not client.recv(1024):
                    clients.remove(client)
                client.send(next_.encode())
            except BlockingIOError:
                continue
            except OSError:
                clients.remove(client)


@contextlib.contextmanager
def held(port: int, kind: str, filled: dict[str, str]) -> Iterator[list[int]]:
    """Another process holds them; yields how many it holds, second by second."""
    command = [sys.executable, __file__, "hold", str(port), kind, json.dumps(filled)]
    counts: list[int] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        lines = holder.stdout
        counts.append(int(next(lines)))
        threading.Thread(target=lambda: counts.extend(int(line) for line in lines), daemon=True).start()
        try:
            yield counts
        finally:
            holder.kill()


def measure(port: int, requests: dict[str, tuple[str, dict[str, str]]]) -> dict[str, list[float]]:
    """Milliseconds that each took, one after another in turn, on a connection that is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times: dict[str, list[float]] = {name: [] for name in requests}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for name, (path, headers) in requests.items():
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            times[name].append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, (name, answer.status)
    connection.close()
    return times


def show(kind: str, alone: dict[str, list[float]], beside: dict[str, list[float]]) -> None:
    for name in alone:
        cells = []
        for share in (0.5, 0.95, 0.99):
            before, after = (sorted(values[name])[int(share * len(values[name]))] for values in (alone, beside))
            cells.append(f"p{share * 100:.0f} {before:7.2f} → {after:7.2f} ms ({after / before:4.2f} ×)")
        print(f"{kind:22} {name:10} {'   '.join(cells)}", flush=True)


@contextlib.contextmanager
def served() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "pipeline.serving", "--port", str(port)], cwd=ROOT)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield port, server
    finally:
        server.terminate()
        server.wait()


def worker_seconds(server: subprocess.Popen[bytes]) -> float:
    """What the server's processes have computed so far."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    fields = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in children)
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


def settle(server: subprocess.Popen[bytes]) -> float:
    """Until it rests (the first megabytes of each download fill the kernel's buffers); returns the seconds."""
    began = time.monotonic()
    quiet = 0
    while quiet < 3 and time.monotonic() < began + 120:
        before = worker_seconds(server)
        time.sleep(1)
        quiet = quiet + 1 if worker_seconds(server) - before < 0.2 else 0
    return time.monotonic() - began


class Scene:
    """A user with a session, a token and a data set of 300 MB, who is gone afterwards."""

    def __enter__(self) -> "Scene":
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
        from django.core.files.base import ContentFile
        from django.core.management import call_command

        from datasets.models import Dataset
        from pipeline.accounts.models import ApiToken

        call_command("migrate", verbosity=0)
        call_command("collectstatic", "--noinput", verbosity=0)
        self.user, _ = get_user_model().objects.get_or_create(username="benchmark-slow-clients")
        self.dataset = Dataset.objects.create(user=self.user, name="Benchmark", status="ready", training_ready=True)
        self.dataset.version = self.dataset.versions.create(
            number=1, file=ContentFile(b"x", name="b.jsonl"), sha256="0" * 64, file_name="b.jsonl", file_size=1
        )
        self.dataset.save()
        os.truncate(self.dataset.version.file.path, DOWNLOAD_BYTES)
        _, self.token = ApiToken.objects.create(self.user)
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(self.user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = self.user.get_session_auth_hash()
        session.save()
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}
        self.requests = {"/healthz": ("/healthz", {}), "/datasets": ("/datasets", cookie)}
        return self

    def __exit__(self, *_: object) -> None:
        from datasets.models import Dataset

        for dataset in Dataset.objects.filter(user=self.user):
            Dataset.objects.filter(pk=dataset.pk).update(version=None)
            dataset.versions.all().delete()
            dataset.delete()
        self.user.delete()


def slow(scene: Scene) -> None:
    filled = {"path": f"/api/datasets/{scene.dataset.pk}/download", "token": scene.token}
    with served() as (port, server):
        measure(port, scene.requests)  # warms up
        for kind in KINDS:
            settle(server)
            alone = measure(port, scene.requests)
            with held(port, kind, filled) as counts:
                opened = settle(server)
                before = worker_seconds(server)
                time.sleep(5)
                share = (worker_seconds(server) - before) / 5
                beside = measure(port, scene.requests)
                print(
                    f"{HELD} {kind}: at rest after {opened:.0f} s, {share:.1%} of a core, {counts[-1]} held at the end"
                )
            show(kind, alone, beside)


def upload(scene: Scene) -> None:
    with served() as (port, _):
        measure(port, scene.requests)
        alone = measure(port, scene.requests)
        said: list[str] = []
        sender = threading.Thread(target=lambda: said.append(send(port, scene.token)))
        began = time.monotonic()
        sender.start()
        beside: dict[str, list[float]] = {name: [] for name in scene.requests}
        while sender.is_alive():
            for name, values in measure(port, scene.requests).items():
                beside[name] += values
        print(f"{UPLOAD_BYTES / 1024**2:.0f} MB within {time.monotonic() - began:.0f} s: {said[0]}")
        show("upload of 1 GB", alone, beside)


def streams(scene: Scene) -> None:
    from training.models import BaseModel

    model = BaseModel.objects.get(is_default=True).name
    with served() as (port, _):
        chat(port, scene.token, model, max_tokens=1).wait()  # the inference server is there from now on
        measure(port, scene.requests)
        alone = measure(port, scene.requests)
        clients = [chat(port, scene.token, model, max_tokens=1000) for _ in range(STREAMS)]
        time.sleep(5)
        beside = measure(port, scene.requests)
        still = sum(client.poll() is None for client in clients)
        for client in clients:
            client.kill()
        print(f"{STREAMS} streams, {still} of them open at the end")
        show("streams", alone, beside)


def chat(port: int, token: str, model: str, *, max_tokens: int) -> subprocess.Popen[bytes]:
    """A client that reads an answer as it grows."""
    messages = [{"role": "user", "content": "Write a long story about the sea."}]
    body = {"model": model, "messages": messages, "stream": True, "max_tokens": max_tokens}
    command = ["curl", "-sN", f"http://127.0.0.1:{port}/v1/chat/completions", "-H", f"Authorization: Bearer {token}"]
    command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def send(port: int, token: str) -> str:
    """A file of UPLOAD_BYTES at UPLOAD_RATE; whether it arrived whole."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="large.jsonl"\r\n\r\n'
    tail = b"\r\n--b--\r\n"
    row = b'{"text": "' + b"x" * (2**20 - 13) + b'"}\n'
    digest = hashlib.sha256()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.putrequest("POST", "/api/datasets")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(len(head) + UPLOAD_BYTES + len(tail)))
    connection.endheaders(head)
    for _ in range(UPLOAD_BYTES // len(row)):
        digest.update(row)
        connection.send(row)
        time.sleep(len(row) / UPLOAD_RATE)
    connection.send(tail)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    is_whole = answer.status == 201 and said["data"]["version"]["sha256"] == digest.hexdigest()
    return "arrived whole" if is_whole else f"{answer.status} {said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", nargs="?", default="slow", choices=("slow", "upload", "streams", "hold"))
    parser.add_argument("rest", nargs="*")
    arguments = parser.parse_args()
    if arguments.mode == "hold":
        port, kind, filled = arguments.rest
        asyncio.run(hold(int(port), kind, json.loads(filled)))
        return
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
    django.setup()
    with Scene() as scene:
        {"slow": slow, "upload": upload, "streams": streams}[arguments.mode](scene)


if __name__ == "__main__":
    main()
