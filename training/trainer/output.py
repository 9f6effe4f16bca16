"""What the trainer says to its worker: one event a line on standard output."""

import sys

from .protocol import Event, encode


def emit(event: Event) -> None:
    """Write the event at once."""
    sys.stdout.write(encode(event) + "\n")
    sys.stdout.flush()
