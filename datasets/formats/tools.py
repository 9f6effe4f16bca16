"""Tool calls: left out, or written out so that they can be learned. Pure.

Written out, a call is ``<tool_call>{"name": …, "arguments": {…}}</tool_call>`` in the assistant's turn, and a
tool's result ``<tool_response>…</tool_response>`` in a user's turn (the Hermes convention, which Qwen and SmolLM
follow), so that any chat template takes it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from datasets.formats.conversation import RowProblem, shown
from datasets.formats.options import TRAIN
from datasets.formats.rows import Message


@dataclass(frozen=True, slots=True)
class Step:
    """A message on its way: with the calls that it makes, and its place in the row for error texts."""

    message: Message
    calls: Sequence[Any] = field(default_factory=list)
    """OpenAI's objects, or ShareGPT's text."""
    place: str = ""


def resolve(steps: Sequence[Step], choice: str) -> list[Step]:
    """The steps as messages of system, user and assistant alone.

    Args:
        steps: a row's messages, in order.
        choice: TRAIN: calls and results are written out; IGNORE: they are left out.

    Raises:
        RowProblem: a call cannot be written out, having no name or arguments that are no JSON.
    """
    return _written_out(steps) if choice == TRAIN else _left_out(steps)


def _left_out(steps: Sequence[Step]) -> list[Step]:
    """Without tools' results, and without what the assistant only said to a tool."""
    kept = []
    for step in steps:
        is_only_call = bool(step.calls) and not step.message.content.strip()
        if step.message.role != "tool" and not is_only_call:
            kept.append(step)
    return kept


def _written_out(steps: Sequence[Step]) -> list[Step]:
    result: list[Step] = []
    for step in steps:
        message = step.message
        if message.role == "tool":
            text = f"<tool_response>\n{message.content}\n</tool_response>"
            if result and result[-1].message.role == "user" and result[-1].place.startswith("tool "):
                text = f"{result.pop().message.content}\n{text}"
            result.append(Step(Message("user", text), [], f"tool {step.place}"))
            continue
        parts = [message.content] if message.content.strip() or not step.calls else []
        parts += [f"<tool_call>\n{_call(call, step.place)}\n</tool_call>" for call in step.calls]
        result.append(replace(step, message=replace(message, content="\n".join(parts)), calls=[]))
    return result


def _call(call: Any, place: str) -> str:
    """One call as JSON text: ShareGPT holds it as text already, OpenAI as an object with its arguments as text."""
    if isinstance(call, str):
        return call.strip()
    function = call.get("function", call) if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise RowProblem("wrong_value", f"{place}: the tool call {shown(call)} names no function.", field=place)
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError) as error:
            reason = f"{place}: the tool call's arguments are not valid JSON: {shown(arguments)}."
            raise RowProblem("wrong_value", reason, field=place) from error
    return json.dumps({"name": function["name"], "arguments": arguments}, ensure_ascii=False)
