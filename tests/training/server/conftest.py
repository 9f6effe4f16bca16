"""The inference server as whoever uses it holds it: a process, and HTTP over its socket."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from tests.training.programs import as_program
from tests.training.trainer.conftest import TRAINING_DIR, environment

START_SECONDS = 600
"""Of a program that loads PyTorch, on a machine that is busy."""


CONTEXT = 8192


class UnixConnection(HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    """A server's process."""

    def __init__(self, model, *arguments, **extra):
        options = dict(zip(arguments[::2], arguments[1::2], strict=True))
        self.address = options.get("--socket")
        self.process = subprocess.Popen(
            [sys.executable, "program.py", "server", "--model", str(model), "--id", "base", *arguments],
            cwd=TRAINING_DIR,
            env=environment(**extra),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def said(self):
        """Its line on standard output."""
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        return json.loads(self.process.stdout.readline() or "{}") if ready else {}

    def connection(self):
        return closing(UnixConnection(self.address))

    def ask(self, method, path, body=None, headers=None):
        """Status and parsed body; ``body`` as bytes goes out as it is."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with self.connection() as connection:
            connection.request(method, path, data, {"Content-Type": "application/json"} | (headers or {}))
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = answer.headers["Content-Type"] == "application/json"
            return answer.status, json.loads(text) if is_json else text

    def load(self, folder, name=None):
        return self.ask("POST", "/v1/load_lora_adapter", {"lora_name": name or folder.name, "lora_path": str(folder)})

    def unload(self, name):
        return self.ask("POST", "/v1/unload_lora_adapter", {"lora_name": name})

    def chat(self, text="What is the capital of France?", **changes):
        """Status and answer of a chat of one message."""
        return self.ask("POST", "/v1/chat/completions", chat(text, **changes))

    def say(self, text="What is the capital of France?", **changes):
        """The answer's text."""
        status, answer = self.chat(text, **changes)
        assert status == 200, answer
        return answer["choices"][0]["message"]["content"]

    def stream(self, text="What is the capital of France?", **changes):
        """The lines of a streamed answer, as they come."""
        with self.connection() as connection:
            body = json.dumps(chat(text, stream=True, **changes))
            connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            for line in answer:
                if line.strip():
                    yield line.decode().strip()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def chat(text, **changes):
    messages = [{"role": "user", "content": text}]
    return {"model": "base", "messages": messages, "temperature": 0, "max_tokens": 12} | changes


def chunks(lines):
    """The data of a stream's lines, parsed, without its end."""
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]


def within(seconds, holds):
    """Whether it comes to hold in so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def program(code, *arguments):
    """Run code beside the programs' packages; what it prints, as JSON."""
    return json.loads(as_program(code, *arguments).splitlines()[-1])


def make_adapters(base, target, *names, strength=0.3):
    script = Path(__file__).with_name("adapters.py")
    command = [sys.executable, script, base, target, str(strength), *names]
    subprocess.run(command, cwd=target, env=environment(), check=True)
    return target


@pytest.fixture(scope="session")
def endless_model(tmp_path_factory, tiny_model):
    """The tiny model with a long context and without a way to end a greedy answer: it goes on until it is cut."""
    folder = shutil.copytree(tiny_model, tmp_path_factory.mktemp("models") / "endless")
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"max_position_embeddings": CONTEXT}))
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"][:3] = 0  # the special tokens' scores: among hundreds of others, one is always above 0
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def adapters(tmp_path_factory, tiny_model):
    """A folder of them, by name: red, blue and green may be served, the others may not."""
    names = ["red", "blue", "green", "biased", "saving", "decomposed", "principal", "repeated"]
    return make_adapters(tiny_model, tmp_path_factory.mktemp("adapters"), *names)


@pytest.fixture(scope="session")
def server(tmp_path_factory, endless_model, adapters):
    """One that serves the endless model, with the adapters red, blue and green loaded."""
    path = tmp_path_factory.mktemp("server") / "socket"
    server = Server(endless_model, "--socket", str(path), "--most-waiting", "4")
    assert server.said().get("kind") == "ready"
    for name in ("red", "blue", "green"):
        assert server.load(adapters / name)[0] == 200
    yield server
    server.kill()
    os.unlink(path)
