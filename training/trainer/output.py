"""What the trainer says to its supervisor: one event a line on standard output."""

import sys

from .protocol import Event, encode


def emit(event: Event) -> None:
    sys.stdout.write(encode(event) + "\n")
    sys.stdout.flush()
