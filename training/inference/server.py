"""What answers: a server process of this host with one base model, or the one that PIPELINE_INFERENCE_URL names."""

import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
from django.conf import settings

from pipeline import confinement
from pipeline.base_models import may_fetch
from pipeline.programs import Program

TRAINING_DIR = Path(__file__).resolve().parents[1]
LOOK_SECONDS = 0.05
"""How often it is looked what a server that starts has said."""
CONNECT_SECONDS = 10.0
NO_TORCH = (
    "Adapters cannot be tried: PyTorch is not installed beside this web server. Whoever keeps the site can install it "
    "(pip install pipeline[train]), or name a server that answers in its place: PIPELINE_INFERENCE_URL."
)
FAILED = "The inference server ended as it started. The site’s log says why."


class StartFailed(Exception):
    """The server could not load the base model; the message says why and what to do."""


@dataclass(frozen=True)
class Served:
    """A base model, as a server is told of it."""

    name: str
    location: str
    """Its folder, or its id on the hub."""
    revision: str


@dataclass
class Remote:
    """A server that others keep, and that serves LoRA as vLLM does."""

    loaded: dict[str, Path] = field(default_factory=dict)
    """Adapters that it was told of, by name, with their folders."""
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def client(self) -> httpx2.AsyncClient:
        key = settings.INFERENCE_KEY
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        return httpx2.AsyncClient(base_url=settings.INFERENCE_URL, headers=headers, timeout=timeout)


class Server:
    """A process, which starts with its creation (in an event loop). Killed, it harms nobody; another is started."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.loaded: dict[str, Path] = {}
        self.loading = asyncio.Lock()
        self._folder = Path(tempfile.mkdtemp(prefix="pipeline-"))  # a socket's path must be short
        self._socket = str(self._folder / "socket")
        self._program: Program | None = None
        self._is_closed = False
        self._start = asyncio.ensure_future(self._started())

    @property
    def is_over(self) -> bool:
        """It answers no more, and will not."""
        if not self._start.done():
            return False
        return self._is_closed or self._start.exception() is not None or bool(self._program and self._program.is_over)

    async def ready(self) -> None:
        """Wait until it answers. Raises StartFailed."""
        await asyncio.shield(self._start)

    def client(self) -> httpx2.AsyncClient:
        transport = httpx2.AsyncHTTPTransport(uds=self._socket)
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        return httpx2.AsyncClient(base_url="http://server", transport=transport, timeout=timeout)

    async def close(self) -> None:
        """End it; harmless when it has ended."""
        self._is_closed = True
        if self._program:
            await asyncio.to_thread(self._program.kill)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _started(self) -> None:
        if find_spec("torch") is None:
            await self.close()
            raise StartFailed(NO_TORCH)
        self._program = await asyncio.to_thread(self._run)
        said = await self._said(self._program)
        if self._is_closed or said.get("kind") != "ready":
            await self.close()
            raise StartFailed(said.get("message") or FAILED)

    async def _said(self, program: Program) -> dict[str, Any]:
        """The line of JSON by which it says that it answers, or why not; empty where it has ended without one."""
        while not self._is_closed:
            line = program.next_line(0)
            if line and line.startswith(b"{"):
                said: dict[str, Any] = json.loads(line)
                return said
            if line is None and program.is_over:
                break
            await asyncio.sleep(LOOK_SECONDS)
        return {}

    def _run(self) -> Program:
        about = ["--model", self.served.location, "--id", self.served.name]
        if self.served.revision:
            about += ["--revision", self.served.revision]
        command = ["nice", sys.executable, "program.py", "server", *about]  # pages come first
        command += ["--device", settings.INFERENCE_DEVICE, "--socket", self._socket]
        online = may_fetch()
        return Program(
            confinement.confined(command, online=online),
            cwd=TRAINING_DIR,
            env=confinement.environment(online=online),
        )
