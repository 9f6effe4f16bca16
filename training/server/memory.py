"""Adapters' weights in memory, on the one base model. For the thread that generates, and no other."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http import HTTPStatus
from itertools import count
from typing import Any

from peft import PeftConfig, PeftModelForCausalLM
from peft.tuners.tuners_utils import BaseTunerLayer

from training.core.api_error import ApiError
from training.trainer.errors import is_out_of_memory

from .adapters import Adapter, Adapters
from .base import Base


class Memory:
    """Puts adapters on the base model when they are needed, and takes off those least recently used."""

    def __init__(self, base: Base, adapters: Adapters, *, limit: int) -> None:
        """``limit``: bytes that adapters may take together."""
        self._base = base
        self._adapters = adapters
        self._limit = limit
        self._model: Any = None
        """PEFT's, around the base model; ``None`` while no adapter is on it."""
        self._keys: OrderedDict[Adapter, str] = OrderedDict()
        """Adapter -> its name within PEFT, which takes no dots; least recently used first."""
        self._numbers = count(1)

    @property
    def held(self) -> list[Adapter]:
        """Those in memory, least recently used first."""
        return list(self._keys)

    @contextmanager
    def using(self, adapter: Adapter | None) -> Iterator[None]:
        """While the block runs, the base model answers with this adapter, or with none at all.

        Raises ApiError where it cannot be loaded.
        """
        for other in self.held:
            if other not in self._adapters and other is not adapter:
                self._drop(other)
        if adapter is None:
            with self._model.disable_adapter() if self._keys else nullcontext():
                yield
            return
        if adapter not in self._keys:
            self._make_room(adapter.bytes)
            self._load(adapter)
        self._keys.move_to_end(adapter)
        self._model.set_adapter(self._keys[adapter], inference_mode=True)
        yield

    def _make_room(self, needed: int) -> None:
        while self._keys and sum(adapter.bytes for adapter in self._keys) + needed > self._limit:
            self._drop(self.held[0])

    def _load(self, adapter: Adapter) -> None:
        key = f"adapter_{next(self._numbers)}"
        try:
            self._put_on(adapter, key)
        except Exception as error:
            self._take_off(key)
            if isinstance(error, ApiError) or is_out_of_memory(error):
                raise
            raise _unloadable(adapter, str(error)) from error
        self._keys[adapter] = key

    def _put_on(self, adapter: Adapter, key: str) -> None:
        if self._model is None:
            config = PeftConfig.from_pretrained(adapter.folder)
            config.inference_mode = True
            self._model = PeftModelForCausalLM(self._base.model, config, key, low_cpu_mem_usage=True)
        found = self._model.load_adapter(
            adapter.folder, key, torch_device=str(self._base.device), low_cpu_mem_usage=True
        )
        if odd := [*found.missing_keys, *found.unexpected_keys]:
            raise _unloadable(adapter, f"its weights are not those that its configuration names ({odd[0]})")
        self._model.eval()

    def _drop(self, adapter: Adapter) -> None:
        self._take_off(self._keys.pop(adapter))

    def _take_off(self, key: str) -> None:
        """The last one leaves the base model as it was before the first."""
        if self._keys:
            if key in self._model.peft_config:
                self._model.delete_adapter(key)
            return
        self._model = None
        base = self._base.model
        for name, module in list(base.named_modules()):
            if isinstance(module, BaseTunerLayer):
                base.set_submodule(name, module.get_base_layer())
        base.__dict__.pop("peft_config", None)


def _unloadable(adapter: Adapter, why: str) -> ApiError:
    return ApiError(
        f"The adapter “{adapter.name}” cannot be loaded from {adapter.folder}: {why}.",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        param="model",
        code="adapter_unloadable",
    )
