"""What the program is started with."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

ADAPTER_BYTES = 2 * 10**9
MOST_WAITING = 100


@dataclass(frozen=True, kw_only=True)
class Options:
    """The base model (a ``trainer.source.Source``), where to listen, and the limits."""

    model: str
    model_name: str
    model_revision: str
    device: str
    precision: str
    quantization: str
    context: int | None
    """The most tokens of a prompt with its answer; ``None``: as many as the model reads."""
    adapter_bytes: int
    """The most that adapters in memory may take together."""
    most_waiting: int
    """The most requests that may wait for their turn."""
    socket: str | None
    port: int | None


def read(arguments: Sequence[str]) -> Options:
    """Options from a command line. Ends the program where they are wrong."""
    parser = argparse.ArgumentParser("program.py server", description="Serve a base model and its adapters.")
    parser.add_argument("--model", required=True, metavar="FOLDER", help="the base model's folder, or a hub id")
    parser.add_argument("--id", required=True, dest="model_name", help="the name that requests have for the base model")
    parser.add_argument("--revision", default="", dest="model_revision", help="of a hub model")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--precision", default="auto", choices=["auto", "bf16", "fp16", "fp32"])
    parser.add_argument("--quantization", default="none", choices=["none", "nf4"])
    parser.add_argument("--context", type=_count, metavar="TOKENS", help="of a prompt with its answer, at most")
    parser.add_argument("--adapter-bytes", type=_count, default=ADAPTER_BYTES, help="of adapters in memory, at most")
    parser.add_argument("--most-waiting", type=_count, default=MOST_WAITING, help="requests that may wait, at most")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", metavar="PATH", help="listen on a Unix socket")
    where.add_argument("--port", type=_port, help="listen on 127.0.0.1")
    return Options(**vars(parser.parse_args(arguments)))


def _count(text: str) -> int:
    if not text.isdecimal() or (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be a whole number of at least 1")
    return count


def _port(text: str) -> int:
    if (port := _count(text)) >= 2**16:
        raise argparse.ArgumentTypeError("is no port")
    return port
