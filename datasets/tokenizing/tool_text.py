"""Tools for templates that know none: list, calls and results written out in the turns. Pure.

The Hermes convention, which Qwen2.5 and SmolLM2 were trained on: ``<tool_call>`` in the assistant's turn,
``<tool_response>`` in a user's, and the list of tools at the end of the system message.
"""

import json
from collections.abc import Sequence
from typing import Any

Chat = list[dict[str, Any]]

TOOLS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


def as_text(chat: Chat, weights: Sequence[float], tools: Sequence[Any]) -> tuple[Chat, list[float]]:
    """A chat of system, user and assistant alone, and the weights of its messages.

    Args:
        chat: as templates take it; a call's arguments are an object.
        weights: of each message.
        tools: JSON schemas of the functions that may be called; they are not given to the template besides.
    """
    written: Chat = []
    kept: list[float] = []
    was_result = False
    for message, weight in zip(chat, weights, strict=True):
        is_result = message["role"] == "tool"
        if is_result and was_result:
            written[-1]["content"] += "\n" + _result(message)
        else:
            written.append({"role": "user", "content": _result(message)} if is_result else _spoken(message))
            kept.append(weight)
        was_result = is_result
    if tools:
        listed = TOOLS.format("\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools))
        if written and written[0]["role"] == "system":
            written[0]["content"] += f"\n\n{listed}"
        else:
            written.insert(0, {"role": "system", "content": listed})
            kept.insert(0, 0.0)
    return written, kept


def _result(message: dict[str, Any]) -> str:
    return f"<tool_response>\n{message['content']}\n</tool_response>"


def _spoken(message: dict[str, Any]) -> dict[str, Any]:
    """With its calls after its words."""
    calls = [f"<tool_call>\n{_call(call['function'])}\n</tool_call>" for call in message.get("tool_calls", [])]
    words = [message["content"]] if message["content"].strip() or not calls else []
    rest = {name: value for name, value in message.items() if name != "tool_calls"}
    return rest | {"content": "\n".join([*words, *calls])}


def _call(function: dict[str, Any]) -> str:
    return json.dumps({"name": function["name"], "arguments": function["arguments"]}, ensure_ascii=False)
