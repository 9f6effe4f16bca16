"""What is asked for in a chat completion: OpenAI's fields that are served, and a refusal of all others.

A field that would change the answer and is not served is refused, never ignored.
"""

from dataclasses import dataclass
from typing import Any

from . import fields
from .errors import wrong

ROLES = ("system", "user", "assistant")
MOST_STOPS = 16
WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "tool_choice": ("none",),
    "response_format": ({"type": "text"},),
    "store": (False,),
    "modalities": (["text"],),
}
"""Fields of OpenAI's that may be there with a value that asks for nothing; ``null`` is one for each."""
SERVED = frozenset(
    {"model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "stream"}
    | {"stream_options", "user"}
)

Message = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One request, as it is to be answered."""

    model: str
    messages: list[Message]
    """Of ``role`` and ``content``, in their order."""
    temperature: float
    """0: always the likeliest token."""
    top_p: float
    max_tokens: int | None
    """Of the answer; ``None``: as many as the context holds."""
    seed: int | None
    stop: tuple[str, ...]
    stream: bool
    include_usage: bool

    @classmethod
    def read(cls, body: dict[str, Any]) -> "ChatRequest":
        """Raises ApiError (400), naming the field."""
        _require_served(body)
        stream = fields.flag(body, "stream")
        max_tokens = fields.whole(body, "max_tokens", least=1)
        max_completion_tokens = fields.whole(body, "max_completion_tokens", least=1)
        return cls(
            model=fields.text(body, "model"),
            messages=_messages(body.get("messages")),
            temperature=fields.number(body, "temperature", least=0, most=2, default=1),
            top_p=_top_p(body),
            max_tokens=max_tokens if max_completion_tokens is None else max_completion_tokens,
            seed=fields.whole(body, "seed", least=-fields.LONGEST_WHOLE),
            stop=_stop(body.get("stop")),
            stream=stream,
            include_usage=_include_usage(body.get("stream_options"), stream=stream),
        )


def _require_served(body: dict[str, Any]) -> None:
    for name, value in body.items():
        if name in SERVED or value is None or value in WITHOUT_EFFECT.get(name, ()):
            continue
        known = f"; it may be {WITHOUT_EFFECT[name][0]!r} or left out" if name in WITHOUT_EFFECT else ""
        raise wrong(f"“{name[:100]}” is not served here{known}.", name[:100], code="unsupported_parameter")


def _top_p(body: dict[str, Any]) -> float:
    top_p = fields.number(body, "top_p", least=0, most=1, default=1)
    if top_p == 0:
        raise wrong("“top_p” must be more than 0. For the likeliest token alone, set the temperature to 0.", "top_p")
    return top_p


def _messages(value: Any) -> list[Message]:
    if not isinstance(value, list) or not value:
        raise wrong("“messages” must be a list of at least one message.", "messages")
    return [_message(message, f"messages[{at}]") for at, message in enumerate(value)]


def _message(value: Any, place: str) -> Message:
    if not isinstance(value, dict):
        raise wrong(f"“{place}” must be an object with “role” and “content”.", place)
    for name, held in value.items():
        if name not in ("role", "content") and held is not None and held != []:
            raise wrong(f"“{name[:100]}” of a message is not served here.", f"{place}.{name[:100]}")
    role = value.get("role")
    if role not in ROLES:
        raise wrong(f"“{place}.role” must be one of {', '.join(ROLES)}.", f"{place}.role")
    return {"role": role, "content": _content(value.get("content"), f"{place}.content")}


def _content(value: Any, place: str) -> str:
    """A text, or OpenAI's list of parts that are text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise wrong(f"“{place}” must be a text.", place)
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in value]
    found = [text for text in texts if isinstance(text, str)]
    if len(found) < len(texts):
        raise wrong(f"“{place}” may hold parts of the type “text” alone, each with its “text”.", place)
    return "".join(found)


def _stop(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value or []
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise wrong("“stop” must be a text, or a list of texts, none of them empty.", "stop")
    if len(stops) > MOST_STOPS:
        raise wrong(f"“stop” may hold {MOST_STOPS} texts at most.", "stop")
    return tuple(stops)


def _include_usage(value: Any, *, stream: bool) -> bool:
    if value is None:
        return False
    if not isinstance(value, dict) or value.keys() - {"include_usage"}:
        raise wrong("“stream_options” must be an object, and may hold “include_usage” alone.", "stream_options")
    if not stream:
        raise wrong("“stream_options” is for a streamed answer alone: set “stream” to true.", "stream_options")
    return fields.flag(value, "include_usage")
