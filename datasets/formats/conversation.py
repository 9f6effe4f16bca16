"""What makes messages a conversation that can be trained on. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from datasets.formats.messages import Step
from datasets.formats.options import IGNORE
from datasets.formats.reading import Reading
from datasets.formats.roles import ASSISTANT, SYSTEM, TOOL, USER
from datasets.formats.rows import Conversation
from datasets.formats.tools import left_out, require_results
from datasets.formats.values import RowProblem

MAY_BE_JOINED = "Correct the row, or choose to join consecutive turns by the same speaker."


def build(reading: Reading, steps: Sequence[Step], place: str, tools: tuple[Any, ...] = ()) -> Conversation:
    """A conversation: at most one system message, then user and assistant in turns, with tools' results between.

    Args:
        reading: the row's.
        steps: its messages in order.
        place: what to name where there is no message.
        tools: schemas of the functions that the assistant may call.

    Raises:
        RowProblem: the turns are out of order, or the result of a call is missing.
    """
    found = _with_calls_joined(steps) if any(step.is_bare_call for step in steps) else list(steps)
    if reading.options.tool_calls == IGNORE:
        found = left_out(found, reading)
    if reading.options.merge_turns:
        found = _merged(found)
    _require_order(found, place)
    require_results(found)
    messages = tuple(step.message for step in _opening_unlearned(found, reading))
    return Conversation(reading.line, messages, tools=tools, notes=reading.warnings(), unused=tuple(reading.unused))


def _with_calls_joined(steps: Sequence[Step]) -> list[Step]:
    """A call that was written as a message of its own belongs to what the assistant said right before."""
    found: list[Step] = []
    for step in steps:
        before = found[-1] if found else None
        if step.is_bare_call and before and before.message.role == ASSISTANT and _takes_calls(before):
            found[-1] = _joined(before, step)
        else:
            found.append(step)
    return found


def _takes_calls(step: Step) -> bool:
    return step.is_bare_call or not step.message.calls


def _merged(steps: Sequence[Step]) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        before = found[-1] if found else None
        if before and _are_one_turn(before, step) and not before.message.calls:
            found[-1] = _joined(before, step)
        else:
            found.append(step)
    return found


def _are_one_turn(first: Step, second: Step) -> bool:
    return first.message.role == second.message.role != TOOL


def _joined(first: Step, second: Step) -> Step:
    """Two messages of one speaker as one; a blank line stands between them."""
    one, other = first.message, second.message
    if one.weight != other.weight:
        reason = f"{second.place} cannot be joined with the turn before it: they are learned with different weights."
        raise RowProblem("turn_order", reason, field=second.place)
    message = replace(
        one,
        content=_with_blank_line(one.content, other.content),
        reasoning=_with_blank_line(one.reasoning, other.reasoning),
        calls=(*one.calls, *other.calls),
    )
    return replace(second, message=message, place=first.place)


def _with_blank_line(one: str, other: str) -> str:
    return f"{one}\n\n{other}" if one and other else one or other


def _require_order(steps: Sequence[Step], place: str) -> None:
    for step in steps[1:]:
        if step.message.role == SYSTEM:
            reason = f"{step.place}: a system message may only come first."
            raise RowProblem("turn_order", reason, field=step.place)
    turns = steps[1:] if steps and steps[0].message.role == SYSTEM else steps
    if all(step.message.role != USER for step in turns):
        reason = "The conversation must begin with a user message (after the system message, if there is one)."
        raise RowProblem("turn_order", reason, field=turns[0].place if turns else place)
    if turns[0].message.role == TOOL:
        raise _follows_no_call(turns[0])
    for first, second in pairwise(turns):
        if second.message.role == TOOL and first.message.role == USER:
            raise _follows_no_call(second)
        if _are_one_turn(first, second) and not first.message.calls:
            who = first.message.role
            reason = f"User and assistant must take turns, but two {who} messages follow each other. {MAY_BE_JOINED}"
            raise RowProblem("turn_order", reason, field=second.place)


def _follows_no_call(step: Step) -> RowProblem:
    return RowProblem("turn_order", f"{step.place}: this tool result does not follow a call.", field=step.place)


def _opening_unlearned(steps: Sequence[Step], reading: Reading) -> list[Step]:
    """What the assistant says before the first user has no question: it is context."""
    first = next(index for index, step in enumerate(steps) if step.message.role == USER)
    opening = [step for step in steps[:first] if step.message.role == ASSISTANT]
    if not opening:
        return list(steps)
    if any(step.message.weight for step in opening):
        reason = "The assistant opens the conversation: without a question, its opening is context and is not learned."
        reading.note("assistant_first", reason)
    silent = [replace(step, message=replace(step.message, weight=0.0)) for step in steps[:first]]
    return [*silent, *steps[first:]]
