"""Loads the base model, listens, and says so."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from training.trainer.devices import precision_name
from training.trainer.errors import TrainingError, describe
from training.trainer.output import emit
from training.trainer.protocol import EXIT_FAILED, Event
from training.trainer.quiet import quieten

from . import base, listening, options
from .service import Service


@dataclass(frozen=True, kw_only=True)
class Ready(Event):
    """Requests are taken from now on."""

    kind: ClassVar[str] = "ready"
    address: str
    """A socket's path, or host and port."""
    device: str
    precision: str
    context: int
    """The most tokens of a prompt with its answer."""
    torch: str


def main(arguments: list[str]) -> int:
    """Serve for ever; returns the exit status where that cannot be."""
    chosen = options.read(arguments)
    quieten()
    try:
        model = base.load(chosen)
        service = Service(model, chosen)
        server, address = listening.listen(service, chosen)
    except TrainingError as error:
        emit(describe(error))
        return int(EXIT_FAILED)
    service.start()
    emit(
        Ready(
            address=address,
            device=model.device.type,
            precision=precision_name(model.model.dtype),
            context=model.context,
            torch=torch.__version__,
        )
    )
    server.serve_forever()
    return 0
