"""All that connections share: the base model, its adapters, and the line of those who wait."""

import threading
import time
from typing import Any

from . import fields, replies
from .adapters import Adapters
from .answer import Answer
from .base import Base
from .line import Line
from .memory import Memory
from .options import Options
from .requests import ChatRequest


class Service:
    """What can be asked of the server. Every method may be called by any thread, and raises ApiError."""

    def __init__(self, base: Base, options: Options) -> None:
        self._base = base
        self._source = options.model
        self._created = int(time.time())
        self._adapters = Adapters(base, limit=options.adapter_bytes)
        self._memory = Memory(base, self._adapters, limit=options.adapter_bytes)
        self.line = Line(most=options.most_waiting)

    def start(self) -> None:
        """Have requests answered from now on."""
        threading.Thread(target=self.line.serve, name="generating", daemon=True).start()

    def ask(self, request: ChatRequest) -> Answer:
        """An answer that waits for its turn."""
        adapter = self._adapters.find(request.model)
        prompt = self._base.prompt(request.messages)
        answer = Answer(self._base, self._memory, request=request, adapter=adapter, prompt=prompt)
        self.line.join(answer)
        return answer

    def load(self, body: dict[str, Any]) -> str:
        """Load an adapter by ``lora_name`` from ``lora_path``; returns what vLLM says of it."""
        name = fields.text(body, "lora_name")
        self._adapters.add(name, fields.text(body, "lora_path"))
        return f"Success: LoRA adapter '{name}' added successfully."

    def unload(self, body: dict[str, Any]) -> str:
        """Unload an adapter by ``lora_name``."""
        name = fields.text(body, "lora_name")
        self._adapters.remove(name)
        return f"Success: LoRA adapter '{name}' removed successfully."

    def models(self) -> dict[str, Any]:
        """The base model and its adapters."""
        base, context = self._base.name, self._base.context
        entries = [replies.model(base, created=self._created, parent=None, root=self._source, context=context)]
        entries += [
            replies.model(one.name, created=one.created, parent=base, root=one.folder, context=context)
            for one in self._adapters.all()
        ]
        return {"object": "list", "data": entries}
