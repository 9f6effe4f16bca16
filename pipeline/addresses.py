"""The address that the site is served on: read, tried, asked."""

import errno
import socket
import time
import urllib.error
import urllib.request

PORT_SECONDS = 3.0


class LaunchError(Exception):
    """What stands in the way of starting, and what to do."""


def address(bind: str) -> tuple[str, int]:
    """Host and port of HOST:PORT. Raises SystemExit, saying what is wrong."""
    host, _, port = bind.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise SystemExit(f"PIPELINE_BIND is “{bind}”, but must be HOST:PORT, for example 127.0.0.1:8001.")
    return host.strip("[]") or "127.0.0.1", int(port)


def check_port(host: str, port: int) -> None:
    """Raises LaunchError if the port stays taken; a predecessor that was killed gets a moment to let go of it."""
    deadline = time.monotonic() + PORT_SECONDS
    while error := _refusal(host, port):
        if answers(f"{url(host, port)}/healthz"):
            raise LaunchError(
                f"Something answers at {url(host, port)} already, most likely Pipeline itself: use that one, stop it, "
                f"or choose another port: PIPELINE_BIND={host}:{port + 1} make run"
            )
        if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise LaunchError(
                f"Cannot listen on {host}:{port}: {error.strerror}. Stop what uses the port, or choose another: "
                f"PIPELINE_BIND={host}:{port + 1} make run"
            )
        time.sleep(0.2)


def _refusal(host: str, port: int) -> OSError | None:
    """Why one cannot listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def url(host: str, port: int) -> str:
    """As a browser wants it."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def answers(url: str) -> bool:
    """Whether something answers there with 200."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
