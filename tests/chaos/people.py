"""People who upload, ask for estimates and delete while things break, and note down what they were answered."""

import hashlib
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from uuid import uuid4

from tests.chaos.outages import Outages

API = "/api"
GPUS = (("A100-80GB", 1), ("H100", 2), ("A100-80GB", 4))
BOUNDARY = "chaos-boundary"
ALLOWED = {503: ("database", "read-only storage"), 507: ("full disk",)}
"""Status -> during what it is the honest answer."""


@dataclass
class Uploaded:
    """What was answered with 201."""

    name: str
    sha256: str
    deletion: str = ""
    """``asked``: without an answer as yet; ``done``: with 2xx."""


@dataclass
class Answers:
    """Of one kind of request."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    during: Counter[str] = field(default_factory=Counter)
    """Failures of the server, by what was down."""

    def __str__(self) -> str:
        return ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))


class People:
    """Three of them, each at one thing."""

    def __init__(self, address: str, token: str, dataset: str, outages: Outages, seed: int) -> None:
        self._address, self._token, self._dataset, self._outages = address, token, dataset, outages
        self._random = random.Random(seed)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=[work, pause]) for work, pause in (
            (self._upload, 0.6), (self._estimate, 0.3), (self._delete, 1.2),
        )]  # fmt: skip
        self.uploads: dict[str, Uploaded] = {}
        self.unanswered: set[str] = set()
        """Names of uploads that broke off without an answer: they may be there, once."""
        self.prices: dict[int, Any] = {}
        self.answers = {kind: Answers() for kind in ("upload", "estimate", "delete")}

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, work: Callable[[], None], pause: float) -> None:
        while not self._over.wait(self._random.uniform(0, 2 * pause)):
            work()

    def _upload(self) -> None:
        name = f"upload-{uuid4().hex}"
        rows = [{"prompt": f"{name} {row}", "completion": "word " * self._random.randint(5, 60)} for row in range(200)]
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        status, answer = self._ask("upload", "POST", "/datasets", _form(name, content), _FORM)
        if status == 201:
            with self._lock:
                self.uploads[answer["id"]] = Uploaded(name, hashlib.sha256(content).hexdigest())
        elif status == 0:
            self.unanswered.add(name)

    def _estimate(self) -> None:
        which = self._random.randrange(len(GPUS))
        gpu, count = GPUS[which]
        body = {
            "dataset_id": self._dataset,
            "gpu_config": {"type": gpu, "count": count},
            "hyperparameters": {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3 + which, "rank": 16},
        }
        status, answer = self._ask("estimate", "POST", "/jobs/estimate", json.dumps(body).encode(), _JSON)
        if status == 200:
            price = [answer[key] for key in ("estimated_cost", "estimated_duration_hours", "hourly_rate")]
            if (first := self.prices.setdefault(which, price)) != price:
                self.answers["estimate"].wrong.append(f"{GPUS[which]} for {price}, which was {first}")

    def _delete(self) -> None:
        with self._lock:
            there = [key for key, upload in self.uploads.items() if upload.deletion != "done"]
        if len(there) < 2:
            return
        asked = [key for key in there if self.uploads[key].deletion]
        key = asked[0] if asked else self._random.choice(there)
        upload = self.uploads[key]
        status, _ = self._ask("delete", "DELETE", f"/datasets/{key}", None, {})
        if 200 <= status < 300 or (status == 404 and upload.deletion):
            upload.deletion = "done"
        elif status == 404:
            self.answers["delete"].wrong.append(f"{key} was answered with 201, and is not there")
        elif status == 0 or status >= 500:
            upload.deletion = "asked"

    def _ask(
        self, kind: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Status and data; 0 where there was no answer."""
        request = urllib.request.Request(
            f"{self._address}{API}{path}", data=body, method=method,
            headers=headers | {"Authorization": f"Bearer {self._token}"},
        )  # fmt: skip
        began, status, text = time.monotonic(), 0, b""
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, _rest(error)
        except (OSError, HTTPException):
            status = 0
        self._note(kind, status, text, self._outages.between(began, time.monotonic()))
        data = json.loads(text).get("data") if 200 <= status < 300 and text else None
        return status, data or {}

    def _note(self, kind: str, status: int, text: bytes, down: set[str]) -> None:
        answers = self.answers[kind]
        answers.statuses[str(status or "no answer")] += 1
        if status >= 500 or status == 0:
            answers.during[" and ".join(sorted(down)) or "nothing known"] += 1
        words = text[:200].decode(errors="replace")
        if status >= 500 and not down.intersection(ALLOWED.get(status, ())):
            answers.wrong.append(f"{status} while {', '.join(down) or 'nothing'} was down: {words}")
        elif 400 <= status < 500 and status not in (404, 409):
            answers.wrong.append(f"{status}: {words}")


_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def _form(name: str, content: bytes) -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="name"\r\n\r\n{name}\r\n'.encode()]
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}.jsonl"'
    parts += [f"--{BOUNDARY}\r\n{disposition}\r\n\r\n".encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()]
    return b"".join(parts)


def _rest(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read()
    except (OSError, HTTPException):
        return b""
