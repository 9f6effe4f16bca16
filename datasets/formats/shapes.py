"""From a row to a conversation: the shapes that data sets come in. Pure.

A shape names its fields, with other names that they go by; a reader turns a row of it into a Conversation or raises
RowProblem. Messages are read in ``messages``; the rules of a conversation stand in ``conversation``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from typing import Any

from datasets.formats.calls import tools_of
from datasets.formats.conversation import build
from datasets.formats.messages import CALLS, CONTENT, SPEAKER, Step, entries, read_messages
from datasets.formats.reading import Reading
from datasets.formats.roles import ASSISTANT, SYSTEM, USER
from datasets.formats.rows import Conversation, Message
from datasets.formats.values import RowProblem, shown, text_of

Fields = Mapping[str, str]
Row = dict[str, Any]
Read = Callable[[Row, Fields, Reading], Conversation]
"""From a row and the columns of its fields to a conversation. Raises RowProblem."""
PREFERENCE = "preference"
"""The shape that is never taken unless it was chosen."""
TOOLS: Mapping[str, tuple[str, ...]] = {"tools": ("functions",)}


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

    @cached_property
    def _names(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each field with all the names that it goes by, its own first."""
        return [(name, (name, *others)) for name, others in {**self.required, **self.optional}.items()]

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
        for name, names in self._names:
            for column in [mapping[name]] if mapping.get(name) else names:
                if column in present:
                    found[name] = column
                    break
        return found

    def fits(self, present: Any, mapping: Mapping[str, str]) -> bool:
        """Whether every required field has a column; the arguments are those of ``columns``."""
        return set(self.required) <= self.columns(present, mapping).keys()


def read_row(row: Any, reading: Reading) -> Conversation:
    """A row of the shape that the options name as a conversation.

    Raises:
        RowProblem: it is no object, lacks a field, or holds what cannot be trained on.
    """
    options = reading.options
    shape = SHAPES[options.shape]
    if not isinstance(row, dict):
        raise RowProblem("wrong_value", f"The row is not an object but {shown(row)}.")
    columns = shape.columns(row.keys(), options.mapping)
    for name in shape.required:
        if name not in columns:
            wanted = options.mapping.get(name) or name
            raise RowProblem("missing_field", f'There is no "{wanted}". A row is {shape.example}.', field=wanted)
    if len(row) > len(columns):
        used = set(columns.values())
        for key, value in row.items():
            if key not in used and value is not None and value != "":
                reading.ignore(key)
    return shape.read(row, columns, reading)


def _chat(row: Row, columns: Fields, reading: Reading) -> Conversation:
    """Of messages in one column, be they in OpenAI's words or ShareGPT's."""
    column = columns.get("messages") or columns["conversations"]
    steps = _system_step(row, columns) + read_messages(row[column], column, reading)
    return build(reading, steps, column, _tools(row, columns, reading))


def _alpaca(row: Row, columns: Fields, reading: Reading) -> Conversation:
    steps = _system_step(row, columns)
    for index, turn in enumerate(_history(row, columns, reading)):
        place = f"{columns['history']}[{index}]"
        if not isinstance(turn, list | tuple) or len(turn) != 2:
            raise RowProblem("wrong_value", f"{place} must be [question, answer], but is {shown(turn)}.", field=place)
        steps.append(Step(Message(USER, text_of(turn[0], f"{place}[0]")), place))
        steps.append(Step(Message(ASSISTANT, text_of(turn[1], f"{place}[1]"), 1.0), place))
    instruction = text_of(row[columns["instruction"]], columns["instruction"])
    more = row[columns["input"]] if "input" in columns else None
    question = f"{instruction}\n\n{text_of(more, columns['input'])}" if more else instruction
    answer = text_of(row[columns["output"]], columns["output"])
    steps.append(Step(Message(USER, question), columns["instruction"]))
    steps.append(Step(Message(ASSISTANT, answer, 1.0), columns["output"]))
    return build(reading, steps, columns["instruction"])


def _history(row: Row, columns: Fields, reading: Reading) -> list[Any]:
    """Earlier turns; none where the list is empty, be it written as JSON."""
    value = row[columns["history"]] if "history" in columns else None
    if isinstance(value, str) and value.strip().startswith(("[", "null")):
        value = reading.json(value, columns["history"])
    return entries(value, columns["history"], reading) if value else []


def _prompt_completion(row: Row, columns: Fields, reading: Reading) -> Conversation:
    """What stands in the prompt is context, also what the assistant says there."""
    asked = _said(row, columns, "prompt", USER, reading)
    answered = _said(row, columns, "completion", ASSISTANT, reading)
    steps = [*_system_step(row, columns), *_as_context(asked), *answered]
    return build(reading, steps, columns["prompt"], _tools(row, columns, reading))


def _preference(row: Row, columns: Fields, reading: Reading) -> Conversation:
    """The chosen answer to the prompt, which may also stand in the answers themselves, before where they part."""
    chosen = _said(row, columns, "chosen", ASSISTANT, reading)
    before = _as_context(_said(row, columns, "prompt", USER, reading)) if "prompt" in columns else []
    if chosen[0].message.role != ASSISTANT:
        rejected = _said(row, columns, "rejected", ASSISTANT, Reading(reading.line, reading.options))
        shared = len(list(takewhile(_is_same, zip(chosen[:-1], rejected, strict=False))))
        before, chosen = _as_context(chosen[:shared]), chosen[shared:]
    elif not before:
        reason = f"{columns['chosen']} is an answer, but there is no prompt that it answers."
        raise RowProblem("missing_field", reason, field="prompt")
    steps = [*_system_step(row, columns), *before, *chosen]
    return build(reading, steps, columns["chosen"], _tools(row, columns, reading))


def _is_same(both: tuple[Step, Step]) -> bool:
    return both[0].message == both[1].message


def _said(row: Row, columns: Fields, name: str, role: str, reading: Reading) -> list[Step]:
    """A text of ``role``, or TRL's list of messages, also as JSON text."""
    column = columns[name]
    value = row[column]
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        value = _messages_in(value, reading)
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list) and all(isinstance(entry, dict) and not entry.get("type") for entry in value):
        return read_messages(value, column, reading)
    return [Step(Message(role, text_of(value, column), float(role == ASSISTANT)), column)]


def _messages_in(text: str, reading: Reading) -> Any:
    """The message or list of messages that a text is in JSON; otherwise the text."""
    try:
        found = reading.json(text, "")
    except RowProblem:
        return text
    messages = found if isinstance(found, list) else [found]
    return found if messages and all(isinstance(one, dict) and _is_message(one) for one in messages) else text


def _is_message(message: Row) -> bool:
    return bool(message.keys() & set(SPEAKER) and message.keys() & {*CONTENT, *CALLS})


def _as_context(steps: Sequence[Step]) -> list[Step]:
    return [replace(step, message=replace(step.message, weight=0.0)) for step in steps]


def _text(row: Row, columns: Fields, reading: Reading) -> Conversation:
    text = text_of(row[columns["text"]], columns["text"])
    if not text.strip():
        raise RowProblem("missing_field", f"{columns['text']} is empty.", field=columns["text"])
    return Conversation(reading.line, text=text, notes=reading.warnings(), unused=tuple(reading.unused))


def _system_step(row: Row, columns: Fields) -> list[Step]:
    """The system prompt that stands in a column of its own, if it does."""
    value = row[columns["system"]] if "system" in columns else None
    return [Step(Message(SYSTEM, text_of(value, columns["system"])), columns["system"])] if value else []


def _tools(row: Row, columns: Fields, reading: Reading) -> tuple[Any, ...]:
    return tools_of(row[columns["tools"]], columns["tools"], reading) if "tools" in columns else ()


SHAPES: dict[str, Shape] = {
    "openai_chat": Shape(
        label="OpenAI chat",
        example='{"messages": [{"role": …, "content": …}, …]}',
        required={"messages": ("message",)},
        optional={"system": (), **TOOLS},
        read=_chat,
    ),
    "sharegpt": Shape(
        label="ShareGPT",
        example='{"conversations": [{"from": "human", "value": …}, {"from": "gpt", "value": …}, …]}',
        required={"conversations": ("conversation", "dialogue", "turns")},
        optional={"system": (), **TOOLS},
        read=_chat,
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
        optional={"system": ("system_prompt",), **TOOLS},
        read=_prompt_completion,
    ),
    "text": Shape(
        label="Plain text",
        example='{"text": …}',
        required={"text": ("content", "document")},
        read=_text,
    ),
    PREFERENCE: Shape(
        label="Preference data, trained on chosen",
        example='{"prompt": …, "chosen": …, "rejected": …}',
        required={"chosen": (), "rejected": ()},
        optional={
            "prompt": ("question", "instruction", "query", "input", "messages", "conversations"),
            "system": ("system_prompt",),
            **TOOLS,
        },
        read=_preference,
    ),
}
"""In the order in which detection tries them."""
