"""What becomes of tool calls and their results in a conversation. Pure.

Left out, they take with them what the assistant says from the first call of a turn on: it was said to the tool, or
knows what the tool answered. Kept, a call's result must be there when the assistant goes on.
"""

from collections.abc import Sequence
from dataclasses import replace

from datasets.formats.messages import Step
from datasets.formats.reading import Reading
from datasets.formats.roles import ASSISTANT, TOOL, USER
from datasets.formats.values import RowProblem


def left_out(steps: Sequence[Step], reading: Reading) -> list[Step]:
    """The steps without calls, results and what depends on them; questions that are then neighbours are one."""
    kept: list[Step] = []
    depends = False
    for index, step in enumerate(steps):
        role = step.message.role
        if role not in (ASSISTANT, TOOL):
            if depends and role == USER and kept and kept[-1].message.role == USER:
                step = _asked_on(kept.pop(), step)
            kept.append(step)
            depends = False
        elif depends or role == TOOL or step.message.calls or _is_answered_by_tool(steps, index):
            depends = True
            reading.note(
                "depends_on_tool",
                f"{step.place}: tool calls are left out, and with them what the assistant says from here to the next "
                "question.",
            )
        else:
            kept.append(step)
    return kept


def _is_answered_by_tool(steps: Sequence[Step], index: int) -> bool:
    """The call stands in the assistant's text."""
    return index + 1 < len(steps) and steps[index + 1].message.role == TOOL


def _asked_on(first: Step, second: Step) -> Step:
    text = f"{first.message.content}\n\n{second.message.content}"
    return replace(second, message=replace(second.message, content=text))


def require_results(steps: Sequence[Step]) -> None:
    """Refuse a conversation in which the assistant goes on without the result of its call.

    A call with which it ends has none and needs none. Results are told apart by their calls' ids where both are given.

    Raises:
        RowProblem: a result is missing.
    """
    waiting: set[str] | None = None
    """Ids of the calls whose results are still to come; empty: some result is."""
    is_answered = True
    for step in steps:
        message = step.message
        if message.role == TOOL and waiting is not None:
            is_answered = is_answered or not waiting or not message.call_id
            waiting.discard(message.call_id)
            is_answered = is_answered or not waiting
        elif message.role == ASSISTANT:
            if not is_answered:
                reason = f"{step.place}: the assistant goes on, but the result of its tool call is missing."
                raise RowProblem("turn_order", reason, field=step.place)
            if message.calls:
                ids = {str(call.get("id", "")) for call in message.calls}
                waiting, is_answered = (set() if "" in ids else ids), False
