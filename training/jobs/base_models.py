"""Which base models can be loaded where jobs run, as the workers report it."""

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from pipeline.base_models import Place
from training.models import BaseModel, GpuType, Worker

READY = "ready"
"""A worker has it."""
FETCHED = "fetched"
"""No worker has it, and some may fetch it; or there is no worker that could say."""
NOWHERE = "nowhere"
"""There are workers, and none has it or may fetch it."""
LOOKED_UP_SECONDS = 60
"""For so long it is remembered whether this host has a base model."""
NAMED = 3
"""Ready models that a refusal names."""


class CannotBeLoaded(Exception):
    """No worker that could take the job can load its base model; the message says what to do."""

    def __init__(self, model: BaseModel, gpu_type: GpuType, ready: list[str]) -> None:
        others = f" Ready there: {', '.join(ready[:NAMED])}{', …' if len(ready) > NAMED else ''}." if ready else ""
        allow = ", or let one fetch it from the hub (HF_HUB_OFFLINE=0)" if model.place.is_hub_id else ""
        super().__init__(
            f"No {gpu_type.name} worker can load {model.name}. Choose another base model, or have an administrator put "
            f"this one into a worker's models directory{allow}.{others}"
        )


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What several workers can load between them."""

    names: frozenset[str]
    """Base models that one of them has."""
    may_fetch: bool
    """One of them may ask the hub."""
    is_here: bool
    """One of them is on this host, whose disk knows before its next report does."""

    @classmethod
    def of(cls, workers: Iterable[Worker]) -> "Reach":
        """Of these workers together."""
        workers = list(workers)
        host = socket.gethostname()
        return cls(
            names=frozenset(name for worker in workers for name in worker.base_models),
            may_fetch=any(worker.may_fetch for worker in workers),
            is_here=any(worker.host == host for worker in workers),
        )

    def whereabouts(self, model: BaseModel) -> str:
        """READY, FETCHED or NOWHERE."""
        if model.name in self.names or (self.is_here and _was_here(model.place)):
            return READY
        return FETCHED if self.may_fetch and model.place.is_hub_id else NOWHERE


def alive() -> list[Worker]:
    """The workers that are there, for what asks for them more than once."""
    return list(Worker.objects.alive())


def whereabouts(models: Iterable[BaseModel], workers: Iterable[Worker] | None = None) -> dict[int, str]:
    """READY, FETCHED or NOWHERE for each base model, by its primary key.

    As the workers say that train (by default those that are there); where none is to say, as this host's disk does.
    """
    train = [worker for worker in (alive() if workers is None else workers) if worker.trains]
    if not train:
        return {model.pk: READY if _was_here(model.place) else FETCHED for model in models}
    reach = Reach.of(train)
    return {model.pk: reach.whereabouts(model) for model in models}


def require_loadable(model: BaseModel, gpu_type: GpuType, workers: Iterable[Worker] | None = None) -> None:
    """Let pass what a worker of that GPU type can load; without a worker, the job waits for one that may.

    ``workers``: by default those that are there. Raises CannotBeLoaded.
    """
    queue = gpu_type.queue
    serving = [worker for worker in (alive() if workers is None else workers) if queue in worker.queues]
    reach = Reach.of(serving)
    if serving and reach.whereabouts(model) == NOWHERE:
        offered = BaseModel.objects.filter(is_active=True, name__in=reach.names).values_list("name", flat=True)
        raise CannotBeLoaded(model, gpu_type, list(offered))


def places_on_offer() -> dict[str, Place]:
    """Where the base models on offer lie, by their names."""
    return {model.name: model.place for model in BaseModel.objects.filter(is_active=True)}


def loadable_here(places: dict[str, Place]) -> list[str]:
    """Names of those that this host can load without fetching them: looks at the disk."""
    return [name for name, place in places.items() if _is_here(place)]


def _is_here(place: Place) -> bool:
    """A place that cannot be looked at counts as empty: it cannot be loaded from either."""
    try:
        return place.is_here
    except OSError:
        return False


def _was_here(place: Place) -> bool:
    return _was_here_at(place, str(settings.MODELS_DIR), int(time.monotonic() // LOOKED_UP_SECONDS))


@lru_cache(maxsize=512)
def _was_here_at(place: Place, models_dir: str, minute: int) -> bool:
    return _is_here(place)
