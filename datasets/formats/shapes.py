"""From a row to a conversation: the five shapes that data sets come in. Pure.

A shape names its fields, with other names that they go by; a reader turns a row of it into a Conversation or raises
RowProblem. What tool calls become is in ``tools``, the rules of a conversation in ``conversation``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datasets.formats import tools
from datasets.formats.conversation import RowProblem, build, shown, text_of
from datasets.formats.options import Options
from datasets.formats.rows import Conversation, Message

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
CHAT_ROLES = {
    "system": SYSTEM, "developer": SYSTEM, "user": USER, "assistant": ASSISTANT, "tool": "tool", "function": "tool",
}  # fmt: skip
SHAREGPT_ROLES = {
    "system": SYSTEM, "human": USER, "user": USER, "gpt": ASSISTANT, "assistant": ASSISTANT, "chatgpt": ASSISTANT,
    "bing": ASSISTANT, "bard": ASSISTANT, "model": ASSISTANT, "function_call": "function_call", "tool": "tool",
    "observation": "tool", "function_response": "tool",
}  # fmt: skip

Fields = Mapping[str, str]


Read = Callable[[dict[str, Any], int, Fields, Options], Conversation]
"""From a row, its line and the columns of its fields to a conversation. Raises RowProblem."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One kind of row: its fields, with the names that they go by, and how it is read."""

    label: str
    example: str
    """What a row looks like, for error texts."""
    read: Read
    required: Mapping[str, tuple[str, ...]]
    """Field -> other names that it goes by."""
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def fields(self) -> list[str]:
        """Names of all fields, the required ones first."""
        return [*self.required, *self.optional]

    def columns(self, present: Any, mapping: Mapping[str, str]) -> dict[str, str]:
        """Field -> column, for the fields whose column is there.

        Args:
            present: a container of the file's columns.
            mapping: field -> the chosen column, which wins over the names that the field goes by.
        """
        found = {}
        for name, others in {**self.required, **self.optional}.items():
            candidates = [mapping[name]] if mapping.get(name) else [name, *others]
            for column in candidates:
                if column in present:
                    found[name] = column
                    break
        return found

    def fits(self, present: Any, mapping: Mapping[str, str]) -> bool:
        """Whether every required field has a column; the arguments are those of ``columns``."""
        return set(self.required) <= self.columns(present, mapping).keys()


def read_row(row: Any, line: int, options: Options) -> Conversation:
    """A row of the shape ``options.shape`` as a conversation.

    Raises:
        RowProblem: it is no object, lacks a field, or holds what cannot be trained on.
    """
    shape = SHAPES[options.shape]
    if not isinstance(row, dict):
        raise RowProblem("wrong_value", f"The row is no object, but {shown(row)}.")
    columns = shape.columns(row.keys(), options.mapping)
    for name in shape.required:
        if name not in columns:
            wanted = options.mapping.get(name) or name
            raise RowProblem("missing_field", f'There is no "{wanted}". A row is {shape.example}.', field=wanted)
    return shape.read(row, line, columns, options)


def _chat(row: dict[str, Any], line: int, columns: Fields, options: Options) -> Conversation:
    column = columns["messages"]
    steps = [_chat_step(entry, f"{column}[{index}]") for index, entry in enumerate(_entries(row[column], column))]
    return build(line, tools.resolve(steps, options.tool_calls), column)


def _chat_step(entry: Any, place: str) -> tools.Step:
    if not isinstance(entry, dict):
        raise RowProblem("wrong_value", f'{place} is no object with "role" and "content".', field=place)
    said = entry.get("role")
    role = CHAT_ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        reason = f"{place}.role is {shown(said)}; use system, user, assistant or tool."
        raise RowProblem("unknown_role", reason, field=f"{place}.role")
    calls = entry.get("tool_calls") or ([entry["function_call"]] if entry.get("function_call") else [])
    has_no_text = entry.get("content") is None and role == ASSISTANT and calls
    content = "" if has_no_text else text_of(entry.get("content"), f"{place}.content")
    weight = entry.get("weight")
    if weight is not None and weight not in (0, 1):
        reason = f"{place}.weight is {shown(weight)}; use 0 (not trained on) or 1."
        raise RowProblem("wrong_value", reason, field=f"{place}.weight")
    return tools.Step(Message(role, content, trained=role == ASSISTANT and weight != 0), calls, place)


def _sharegpt(row: dict[str, Any], line: int, columns: Fields, options: Options) -> Conversation:
    column = columns["conversations"]
    steps = _system_step(row, columns)
    for index, entry in enumerate(_entries(row[column], column)):
        place = f"{column}[{index}]"
        if not isinstance(entry, dict):
            raise RowProblem("wrong_value", f'{place} is no object with "from" and "value".', field=place)
        speaker = entry.get("from", entry.get("role"))
        role = SHAREGPT_ROLES.get(speaker) if isinstance(speaker, str) else None
        if role is None:
            reason = f"{place}.from is {shown(speaker)}; use system, human or gpt."
            raise RowProblem("unknown_role", reason, field=f"{place}.from")
        content = text_of(entry.get("value", entry.get("content")), f"{place}.value")
        if role == "function_call":
            steps.append(tools.Step(Message(ASSISTANT, "", trained=True), [content], place))
        else:
            weight = entry.get("weight", 1)
            steps.append(tools.Step(Message(role, content, trained=role == ASSISTANT and weight != 0), [], place))
    return build(line, tools.resolve(steps, options.tool_calls), column)


def _alpaca(row: dict[str, Any], line: int, columns: Fields, options: Options) -> Conversation:
    steps = _system_step(row, columns)
    history = row[columns["history"]] if "history" in columns else None
    for index, turn in enumerate(_entries(history, columns["history"]) if history else []):
        place = f"{columns['history']}[{index}]"
        if not isinstance(turn, list | tuple) or len(turn) != 2:
            raise RowProblem("wrong_value", f"{place} must be [question, answer], but is {shown(turn)}.", field=place)
        steps.append(tools.Step(Message(USER, text_of(turn[0], f"{place}[0]")), [], place))
        steps.append(tools.Step(Message(ASSISTANT, text_of(turn[1], f"{place}[1]"), trained=True), [], place))
    instruction = text_of(row[columns["instruction"]], columns["instruction"])
    more = row[columns["input"]] if "input" in columns else None
    question = f"{instruction}\n\n{text_of(more, columns['input'])}" if more else instruction
    answer = text_of(row[columns["output"]], columns["output"])
    steps.append(tools.Step(Message(USER, question), [], columns["instruction"]))
    steps.append(tools.Step(Message(ASSISTANT, answer, trained=True), [], columns["output"]))
    return build(line, tools.resolve(steps, options.tool_calls), columns["instruction"])


def _prompt_completion(row: dict[str, Any], line: int, columns: Fields, options: Options) -> Conversation:
    steps = _system_step(row, columns)
    for name, role in (("prompt", USER), ("completion", ASSISTANT)):
        message = Message(role, text_of(row[columns[name]], columns[name]), trained=role == ASSISTANT)
        steps.append(tools.Step(message, [], columns[name]))
    return build(line, tools.resolve(steps, options.tool_calls), columns["prompt"])


def _text(row: dict[str, Any], line: int, columns: Fields, _: Options) -> Conversation:
    text = text_of(row[columns["text"]], columns["text"])
    if not text.strip():
        raise RowProblem("missing_field", f"{columns['text']} is empty.", field=columns["text"])
    return Conversation(line, text=text)


def _system_step(row: dict[str, Any], columns: Fields) -> list[tools.Step]:
    """The system prompt that stands in a column of its own, if it does."""
    value = row[columns["system"]] if "system" in columns else None
    return [tools.Step(Message(SYSTEM, text_of(value, columns["system"])), [], columns["system"])] if value else []


def _entries(value: Any, place: str) -> list[Any]:
    """A list; in CSV and some Parquet files it is written as JSON."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise RowProblem("row_json", f"{place} is not valid JSON.", field=place) from error
    if not isinstance(value, list) or not value:
        reason = f"{place} must be a list of at least one question and one answer, but is {shown(value)}."
        raise RowProblem("wrong_value", reason, field=place)
    return value


SHAPES: dict[str, Shape] = {
    "openai_chat": Shape(
        label="OpenAI chat",
        example='{"messages": [{"role": …, "content": …}, …]}',
        required={"messages": ("message",)},
        read=_chat,
    ),
    "sharegpt": Shape(
        label="ShareGPT",
        example='{"conversations": [{"from": "human", "value": …}, {"from": "gpt", "value": …}, …]}',
        required={"conversations": ("conversation", "dialogue", "turns")},
        optional={"system": ()},
        read=_sharegpt,
    ),
    "alpaca": Shape(
        label="Alpaca",
        example='{"instruction": …, "input": …, "output": …}',
        required={"instruction": (), "output": ("response",)},
        optional={"input": ("context",), "system": (), "history": ()},
        read=_alpaca,
    ),
    "prompt_completion": Shape(
        label="Prompt and completion",
        example='{"prompt": …, "completion": …}',
        required={
            "prompt": ("question", "query", "input"),
            "completion": ("response", "answer", "output", "chosen"),
        },
        optional={"system": ("system_prompt",)},
        read=_prompt_completion,
    ),
    "text": Shape(
        label="Plain text",
        example='{"text": …}',
        required={"text": ("content", "document")},
        read=_text,
    ),
}
"""In the order in which detection tries them."""
