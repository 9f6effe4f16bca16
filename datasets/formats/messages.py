"""From a message of a row, in OpenAI's or ShareGPT's words, to a Message. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasets.formats.calls import calls_in, calls_of
from datasets.formats.reading import Reading
from datasets.formats.roles import ASSISTANT, TOOL, TOOL_CALL, role_of
from datasets.formats.rows import Message
from datasets.formats.values import RowProblem, compact, require_json, shown, text_of

SPEAKER, CONTENT = ("role", "from"), ("content", "value")
WEIGHTS = ("weight", "train", "trainable", "loss")
REASONINGS = ("reasoning_content", "reasoning", "thinking")
CALLS = ("tool_calls", "function_call")
ANYONE = {*SPEAKER, *CONTENT, *WEIGHTS}
USED = {ASSISTANT: {*ANYONE, *REASONINGS, *CALLS}, TOOL: {*ANYONE, "tool_call_id", "name"}}
"""Role -> the keys that something is made of, where they are more than ANYONE."""
NOT_A_MESSAGE = 'not an object with "role" and "content" (or "from" and "value")'


@dataclass(frozen=True, slots=True)
class Step:
    """A message on its way, with its place in the row for error texts."""

    message: Message
    place: str
    is_bare_call: bool = False
    """It was written as nothing but the call: it goes on with what the assistant said right before."""


def read_messages(value: Any, place: str, reading: Reading) -> list[Step]:
    """A list of messages, also as JSON text.

    Raises:
        RowProblem: it is none, or one of them cannot be trained on.
    """
    return [
        read_message(entry, f"{place}[{index}]", reading) for index, entry in enumerate(entries(value, place, reading))
    ]


def entries(value: Any, place: str, reading: Reading) -> list[Any]:
    """A list that is not empty; in CSV and some Parquet files it is written as JSON. Raises RowProblem."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        value = reading.json(value, place)
    if not isinstance(value, list) or not value:
        reason = f"{place} must be a list of at least one question and one answer, but is {shown(value)}."
        raise RowProblem("wrong_value", reason, field=place)
    return value


def read_message(entry: Any, place: str, reading: Reading) -> Step:
    """One message. Raises RowProblem where it cannot be trained on."""
    if not isinstance(entry, dict):
        raise RowProblem("wrong_value", f"{place} is {NOT_A_MESSAGE}.", field=place)
    speaker, key = _present(entry, SPEAKER), _present(entry, CONTENT)
    role = role_of(entry.get(speaker), reading.options.mapping)
    if role is None:
        raise _unknown_role(entry.get(speaker), f"{place}.{speaker or _usual(entry, SPEAKER)}")
    at = f"{place}.{key or _usual(entry, CONTENT)}"
    if role == TOOL_CALL:
        weight = _weight(entry, place, ASSISTANT, reading)
        message = Message(ASSISTANT, "", weight, calls=calls_in(entry.get(key), at, reading))
        return Step(message, place, is_bare_call=True)
    if len(entry) == 2 and isinstance(entry.get(key), str):
        return Step(Message(role, text_of(entry[key], at), float(role == ASSISTANT)), place)
    return Step(_with_all(entry, role, entry.get(key), at, place, reading), place)


def _with_all(entry: dict[str, Any], role: str, content: Any, at: str, place: str, reading: Reading) -> Message:
    """A message that has more than a role and its content."""
    _ignore_others(entry, USED.get(role, ANYONE), place, reading)
    weight = _weight(entry, place, role, reading)
    if role == ASSISTANT:
        content, thought = _without_thinking(content, at)
        calls = calls_of(entry, place, reading)
        if content is None and not calls and entry.get("refusal"):
            reason = f"{at} is null and there is only a refusal: to train on that, put its text into the content."
            raise RowProblem("wrong_value", reason, field=at)
        text = "" if content is None and calls else text_of(content, at)
        return Message(role, text, weight, _reasoning(entry, place) or thought, calls)
    if role == TOOL:
        call_id, name = (_short(entry, key, place) for key in ("tool_call_id", "name"))
        return Message(role, _result(content, at), call_id=call_id, name=name)
    return Message(role, text_of(content, at), weight)


def _present(entry: Mapping[str, Any], names: tuple[str, str]) -> str:
    first, second = names
    return first if entry.get(first) is not None else second if entry.get(second) is not None else ""


def _usual(entry: Mapping[str, Any], names: tuple[str, str]) -> str:
    """What a key would be called that the message does not have."""
    return names["from" in entry or "value" in entry]


def _unknown_role(said: Any, place: str) -> RowProblem:
    reason = (
        f"{place} is {shown(said)}; use system, user, assistant or tool, or say which of them it means"
        " (“Other role names”, or a mapping of role:NAME)."
    )
    return RowProblem("unknown_role", reason, field=place)


def _ignore_others(entry: Mapping[str, Any], used: set[str], place: str, reading: Reading) -> None:
    for key, value in entry.items():
        if key not in used and value is not None:
            reading.ignore(f"{place.partition('[')[0]}[].{key}")


def _weight(entry: Mapping[str, Any], place: str, role: str, reading: Reading) -> float:
    """What the loss of a message counts, 0 to 1; where several keys say it, their product."""
    weight = 1.0
    for key in WEIGHTS:
        value = entry.get(key)
        if value is None:
            continue
        if not isinstance(value, bool | int | float) or not 0 <= value <= 1:
            reason = f"{place}.{key} is {shown(value)}; use 0 or false (not trained on) to 1 or true."
            raise RowProblem("wrong_value", reason, field=f"{place}.{key}")
        if value and role != ASSISTANT:
            reading.note(
                "values_ignored", f"{place}.{key} is {shown(value)}, but only the assistant's turns are learned."
            )
        weight *= value
    return weight if role == ASSISTANT else 0.0


def _reasoning(entry: Mapping[str, Any], place: str) -> str:
    for key in REASONINGS:
        if entry.get(key):
            return text_of(entry[key], f"{place}.{key}")
    return ""


def _without_thinking(content: Any, place: str) -> tuple[Any, str]:
    """Content without its parts of thinking, and those as text."""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return content, ""
    thoughts = [part for part in content if part.get("type") in REASONINGS and part.get("text") is None]
    if not thoughts:
        return content, ""
    texts = [text_of(part.get(part["type"]), place) for part in thoughts]
    return [part for part in content if part not in thoughts] or None, "\n".join(texts)


def _short(entry: Mapping[str, Any], key: str, place: str) -> str:
    return "" if entry.get(key) is None else text_of(entry[key], f"{place}.{key}")


def _result(content: Any, place: str) -> str:
    """A tool's result; an object is the JSON that it stands for."""
    if not isinstance(content, dict):
        return text_of(content, place)
    require_json(content, place)
    return compact(content)
