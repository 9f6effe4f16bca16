"""The program's own life: what it says at its start, and that it ends with whoever started it."""

import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

from tests.training.server.conftest import START_SECONDS, Server, program

ENDS = """
import json, sys
from transformers import AutoTokenizer
from training.server.base import end_of_turn

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
found = {}
for name, template in json.loads(sys.argv[2]).items():
    tokenizer.chat_template = template
    one = end_of_turn(tokenizer)
    found[name] = None if one is None else tokenizer.convert_ids_to_tokens(one)
print(json.dumps(found))
"""
TEMPLATES = {
    "of ChatML": "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}",
    "of another token, after a space": "{% for m in messages %}{{ m.content }} <|endoftext|>{% endfor %}",
    "of words": "{% for m in messages %}### {{ m.role }}: {{ m.content }}\n{% endfor %}",
    "of none": "{% for m in messages %}{{ m.content }}{% endfor %}",
    "that refuses": "{{ raise_exception('No.') }}",
}
GEMMA = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
)


def test_an_answer_ends_where_the_template_ends_a_turn(tiny_model):
    found = program(ENDS, tiny_model, json.dumps(TEMPLATES))
    assert list(found.values()) == ["<|im_end|>", "<|endoftext|>", None, None, None]


@pytest.fixture
def start(tmp_path):
    """Start servers on one socket, in any state at the test's end."""
    servers = []

    def start(model, **extra):
        servers.append(Server(model, "--socket", str(tmp_path / "socket"), **extra))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


def test_its_life(start, endless_model, tmp_path):
    """It takes over a dead one's socket, which is its owner's alone; another is refused; it ends with its starter."""
    template = endless_model / "chat_template.jinja"
    own = template.read_text()
    template.write_text(GEMMA)
    try:
        first = start(endless_model)
        ready = first.said()
    finally:
        template.write_text(own)
    assert (ready["kind"], ready["device"], ready["precision"], ready["context"]) == ("ready", "cpu", "fp32", 8192)
    assert stat.S_IMODE(os.stat(first.address).st_mode) == 0o600
    system = {"role": "system", "content": "Be brief."}
    status, answer = first.chat(messages=[system, {"role": "user", "content": "Why?"}])
    assert (status, answer["error"]["param"]) == (400, "messages")
    assert "System role not supported" in answer["error"]["message"]
    assert first.say()

    second = start(endless_model)
    failed = second.said()
    assert (failed["kind"], failed["code"]) == ("failed", "address_unavailable")
    assert second.process.wait(30) == 1

    first.kill()
    third = start(endless_model)
    assert third.said()["kind"] == "ready"
    stream = third.stream(max_tokens=8000)
    next(line for line in stream if line.startswith("data"))
    third.process.stdin.close()
    assert third.process.wait(10) == 0
    assert "data: [DONE]" not in stream, "an answer that broke off is not taken for a whole one"


def test_it_ends_with_its_starter_while_its_libraries_still_load(start, endless_model):
    server = start(endless_model)
    time.sleep(1)
    server.process.stdin.close()
    assert server.process.wait(START_SECONDS) == 0
    assert not server.process.stdout.read()


def test_a_model_that_is_not_there_is_said(start, tmp_path):
    server = start(tmp_path / "none")
    failed = server.said()
    assert (failed["kind"], failed["code"]) == ("failed", "model_not_found")
    assert server.process.wait(30) == 1


def test_it_listens_on_a_port_of_the_loopback_and_a_signal_ends_it_without_a_word(endless_model):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(endless_model, "--port", str(port))
    assert server.said()["address"] == f"127.0.0.1:{port}"
    done = subprocess.run(["curl", "-sf", f"http://127.0.0.1:{port}/health"], check=False)
    assert done.returncode == 0
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == -signal.SIGTERM
    assert server.process.stdout.read() == ""
