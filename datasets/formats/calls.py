"""Tool calls and the tools that may be called, as chat templates take them. Pure."""

from collections.abc import Mapping
from typing import Any

from datasets.formats.options import IGNORE
from datasets.formats.reading import Reading
from datasets.formats.values import RowProblem, require_json, shown

Call = dict[str, Any]
LEFT_OUT: Call = {"type": "function", "function": {}}
"""Stands for a call that is not read, since calls are left out."""


def calls_of(entry: Mapping[str, Any], place: str, reading: Reading) -> tuple[Call, ...]:
    """The calls of an assistant's message: OpenAI's ``tool_calls``, or ``function_call`` as it was before.

    Raises:
        RowProblem: a call names no function, or its arguments are no object or not valid JSON.
    """
    if found := entry.get("tool_calls"):
        return calls_in(found, f"{place}.tool_calls", reading)
    if found := entry.get("function_call"):
        return calls_in(found, f"{place}.function_call", reading)
    return ()


def calls_in(value: Any, place: str, reading: Reading) -> tuple[Call, ...]:
    """One call or a list of them, also as JSON text. Raises RowProblem as ``calls_of``."""
    if reading.options.tool_calls == IGNORE:
        return (LEFT_OUT,)
    value = reading.json(value, place) if isinstance(value, str) else value
    if not isinstance(value, list):
        return (_call(value, place, reading),)
    return tuple(_call(call, f"{place}[{index}]", reading) for index, call in enumerate(value))


def _call(value: Any, place: str, reading: Reading) -> Call:
    function = value.get("function", value) if isinstance(value, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not name:
        raise RowProblem("wrong_value", f"{place}: the tool call {shown(value)} names no function.", field=place)
    call = {"type": "function", "function": {"name": name, "arguments": _arguments(function, place, reading)}}
    if isinstance(value.get("id"), str) and value["id"]:
        call = {"id": value["id"], **call}
    require_json(call, place)
    return call


def _arguments(function: Mapping[str, Any], place: str, reading: Reading) -> dict[str, Any]:
    key = "parameters" if "arguments" not in function and "parameters" in function else "arguments"
    value = function.get(key)
    if isinstance(value, str):
        try:
            value = reading.json(value, place) if value.strip() else {}
        except RowProblem as error:
            reason = f"{place}: the tool call's arguments are not valid JSON: {shown(value)}."
            raise RowProblem("wrong_value", reason, field=place) from error
    value = {} if value is None else value
    if not isinstance(value, dict):
        reason = f"{place}: the tool call's arguments must be an object, but are {shown(value)}."
        raise RowProblem("wrong_value", reason, field=place)
    return value


def tools_of(value: Any, place: str, reading: Reading) -> tuple[Any, ...]:
    """The schemas of the functions that the assistant may call, each as ``{"type": "function", "function": {…}}``.

    Args:
        value: a list of them, of bare functions, or either as JSON text; nothing where there are none.
        place: for error texts.
        reading: the row's.

    Raises:
        RowProblem: it is no such list.
    """
    if isinstance(value, str):
        value = reading.json(value, place) if value.strip() else None
    if not value:
        return ()
    if reading.options.tool_calls == IGNORE:
        reading.ignore(place)
        return ()
    if not isinstance(value, list):
        raise RowProblem("wrong_value", f"{place} must be a list of tools, but is {shown(value)}.", field=place)
    return tuple(_tool(tool, f"{place}[{index}]", reading) for index, tool in enumerate(value))


def _tool(value: Any, place: str, reading: Reading) -> Any:
    value = reading.json(value, place) if isinstance(value, str) else value
    function = value.get("function", value) if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise RowProblem("wrong_value", f"{place} is not a tool with a name but {shown(value)}.", field=place)
    require_json(value, place)
    return value if "function" in value else {"type": "function", "function": value}
