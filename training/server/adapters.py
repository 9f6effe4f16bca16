"""The adapters that requests may name."""

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from training.core.api_error import ApiError

from . import adapter_folder
from .base import Base
from .errors import unknown, wrong


@dataclass(frozen=True, eq=False)
class Adapter:
    """One that was loaded by its name. Another that is loaded under the same name later is not the same."""

    name: str
    folder: str
    bytes: int
    """That it takes in memory."""
    created: int
    """Unix time at which it was loaded."""


class Adapters:
    """By name; any thread may use it."""

    def __init__(self, base: Base, *, limit: int) -> None:
        """``limit``: bytes that adapters in memory may take together."""
        self._base = base.name
        self._limit = limit
        self._sizes = adapter_folder.linear_sizes(base.model)
        self._lock = threading.Lock()
        self._known: dict[str, Adapter] = {}

    def add(self, name: str, folder: str) -> None:
        """Let requests name it. Its weights are read when its first turn comes. Raises ApiError."""
        needed = adapter_folder.check(folder, self._sizes, base=self._base)
        if needed > self._limit:
            raise wrong(
                f"The adapter takes {needed:,} bytes, and all adapters together may take {self._limit:,}. Start the "
                "server with more for --adapter-bytes.",
                "lora_path",
            )
        adapter = Adapter(name, folder, needed, int(time.time()))
        with self._lock:
            if name == self._base or name in self._known:
                raise wrong(f"“{name}” has already been loaded.", "lora_name", code="already_loaded")
            self._known[name] = adapter

    def remove(self, name: str) -> None:
        """Requests that named it before are still answered. Raises ApiError (404)."""
        with self._lock:
            if self._known.pop(name, None) is None:
                raise unknown(f"No adapter “{name}” is loaded.", "lora_name", code="model_not_found")

    def find(self, model: str) -> Adapter | None:
        """What a request names; ``None``: the base model itself. Raises ApiError (404)."""
        if model == self._base:
            return None
        with self._lock:
            if model in self._known:
                return self._known[model]
        raise ApiError(
            f"The model “{model}” does not exist. Load it first, or choose one of GET /v1/models.",
            status=HTTPStatus.NOT_FOUND,
            param="model",
            code="model_not_found",
        )

    def all(self) -> Collection[Adapter]:
        """Those loaded and not unloaded, in the order of their loading."""
        with self._lock:
            return list(self._known.values())

    def __contains__(self, adapter: Any) -> bool:
        with self._lock:
            return adapter in self._known.values()
