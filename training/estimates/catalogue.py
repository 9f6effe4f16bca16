"""What is on offer and what was measured on it, read once and remembered by this process while neither changes."""

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from threading import Lock
from typing import Any

from django.db import connection

from training.core.beliefs import PastRun
from training.estimates.past_runs import against_architecture, against_list, measured_rows
from training.models import BaseModel, GpuType

REVISION = "SELECT name, value FROM lora_revisions ORDER BY name"
"""Written out: every estimate asks, and by way of the model it takes several times as long."""
MOST_SHARED = 256
"""Settings whose estimates are remembered: most sliders leave them as they are, and people go back and forth."""


class Catalogue:
    """GPU types, base models and past runs as they were at one revision. Shared by threads: no row in it is changed."""

    def __init__(self, revision: object) -> None:
        self.revision = revision
        self.gpu_types = list(GpuType.objects.filter(is_active=True))
        """Those that new jobs may have."""
        self._against_list: dict[str, list[PastRun]] = {}
        self._shared: dict[Hashable, Any] = {}
        self._lock = Lock()

    def shared(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made for that key before, or is now. The latest are kept."""
        with self._lock:
            found = self._shared.pop(key, None)
            if found is None:
                found = make()
            self._shared[key] = found  # the last to go
            if len(self._shared) > MOST_SHARED:
                del self._shared[next(iter(self._shared))]
        return found

    @cached_property
    def gpu_types_by_name(self) -> Mapping[str, GpuType]:
        """Those on offer."""
        return {one.name: one for one in self.gpu_types}

    @cached_property
    def base_models(self) -> list[BaseModel]:
        """Those that new jobs may have."""
        return list(BaseModel.objects.filter(is_active=True))

    @cached_property
    def base_models_by_name(self) -> Mapping[str, BaseModel]:
        """Those on offer."""
        return {one.name: one for one in self.base_models}

    @cached_property
    def default_base_model(self) -> BaseModel | None:
        """What is trained on where nothing else is chosen; ``None`` where none is on offer."""
        return next((one for one in self.base_models if one.is_default), None)

    @cached_property
    def past_runs(self) -> list[PastRun]:
        """The latest on each GPU type on offer, against what the architecture says."""
        return against_architecture(self._rows)

    def past_runs_on(self, gpu_type: GpuType) -> list[PastRun]:
        """The latest on these GPUs, against what the list says."""
        if gpu_type.name not in self._against_list:
            self._against_list[gpu_type.name] = against_list(self._rows, gpu_type)
        return self._against_list[gpu_type.name]

    @cached_property
    def _rows(self) -> list[Any]:
        return measured_rows([gpu_type.name for gpu_type in self.gpu_types])


_remembered: Catalogue | None = None


def catalogue() -> Catalogue:
    """The present one. One short query tells whether what is remembered still is."""
    global _remembered
    with connection.cursor() as cursor:
        cursor.execute(REVISION)
        revision = cursor.fetchall()
    found = _remembered
    if found is None or found.revision != revision or not revision:
        found = _remembered = Catalogue(revision)  # read after its revision: never older than that says
    return found
