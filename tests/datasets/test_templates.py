"""Every published chat template on every shape of chat, token by token as Transformers has it.

Where it differs, the difference is one of a few kinds, each named here.
"""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from datasets.tokenizing.tokens import ChatTokenizer
from tests.datasets.matrix import DAY, tokenizer_for, tried
from tests.datasets.published import SHAPES, TEMPLATES, TWINS, special, write_model

ORACLE = Path(__file__).with_name("oracle.py")
CASES = [(template, shape) for template in TEMPLATES for shape in SHAPES]

OPENS_MORE = ("deepseek", "nemotron", "qwen3_5_nothink")
"""Their prompt opens (or passes over) a thought that this answer does not have: it begins where the two part."""
CLOSED_BY_THE_NEXT = ("glm",)
"""They end a turn by the beginning of the next: after the last, the token that ends a text is put."""
ENDS = {
    "<|im_end|>", "<|eot_id|>", "<|eot|>", "<end_of_turn>", "<turn|>", "</s>", "<end_of_utterance>", "<|return|>",
    "<|end|>", "<|end|>\n<|endoftext|>", "<｜end▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "<|endoftext|>", "<|user|>",
    "<|END_RESPONSE|><|END_OF_TURN_TOKEN|>",
}  # fmt: skip
LEARNED_BESIDES = {
    # Its prompt after a tool's result opens no turn, but its answer does; and a call ends with the token after which
    # servers stop.
    ("diffusion_gemma", "tool call, result"): "<|tool_response><|turn>model\n",
}


def asked(template, messages, tools, is_open=False):
    return {
        "messages": messages,
        "tools": list(tools),
        "special": {name: token for name, token in special(template).items() if token},
        "is_open": is_open,
        "sources": {"plain": TEMPLATES[template]} | ({"twin": TWINS[template]} if template in TWINS else {}),
    }


def questions(template, shape):
    """For each example, the turns up to its last answer and the whole; for each learned answer, its prompt."""
    found = tried(template, shape)
    if found.draft is None:
        return [asked(template, SHAPES[shape].conversation.chat, SHAPES[shape].tools)]
    form = found.draft.form
    learned = [index for index, weight in enumerate(form.weights) if weight]
    return [
        *(asked(template, form.chat[: index + 1], form.tools) for index in learned),
        *(asked(template, form.chat[:index], form.tools, is_open=True) for index in learned),
        asked(template, form.chat, form.tools),
    ]


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    """(template, shape) -> Transformers' answers to ``questions``."""
    folder = tmp_path_factory.mktemp("oracle")
    write_model(folder, "qwen3")
    chats = {case: questions(*case) for case in CASES}
    flat = [one for asks in chats.values() for one in asks]
    (folder / "asked.json").write_text(json.dumps({"day": DAY.isoformat(), "chats": flat}))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, str(ORACLE), str(folder)], cwd=folder, env=environment, check=True)
    answers = iter(json.loads((folder / "answered.json").read_text()))
    return {case: [next(answers) for _ in asks] for case, asks in chats.items()}


@pytest.mark.parametrize("template", TEMPLATES)
def test_ids_and_learned_tokens_are_those_of_transformers(oracle, template):
    for shape in SHAPES:
        found, answers = tried(template, shape), oracle[template, shape]
        if found.draft is None:
            assert "error" in answers[0]["plain"], (shape, found.refusal)
            continue
        count = len(answers) // 2
        pairs = list(zip(answers[:count], answers[count : 2 * count], strict=True))
        for example in found.examples:
            mine = [pairs.pop(0) for _ in example.spans[::2]]
            compare(
                template, shape, example, [prompt["plain"]["ids"] for _, prompt in mine], (answers[-1], mine[-1][0])
            )
        assert not pairs, shape


def compare(template, shape, example, prompts, references):
    """With Transformers on the whole chat or, where an answer needs an example of its own, on the turns so far."""
    decode = tokenizer_for(template).decode
    end = special(template)["eos_token"] if template.startswith(CLOSED_BY_THE_NEXT) else ""
    text = decode(example.ids)
    theirs = next(
        one
        for one in references
        if decode(one["plain"]["ids"]).rstrip("\n") in (text.rstrip("\n"), text.rstrip("\n").removesuffix(end))
    )
    for start, prompt in zip(example.spans[::2], prompts, strict=True):
        assert example.ids[:start] == prompt or template.startswith(OPENS_MORE), shape
    bare = example.ids[:-1] if end and text.endswith(end) else example.ids
    if bare != theirs["plain"]["ids"][: len(bare)]:
        # Read apart, where the whole text has other tokens than the prompt by itself.
        assert any(theirs["plain"]["ids"][: len(prompt)] != prompt for prompt in prompts), shape
    if theirs.get("twin", {}).get("ids", [])[: len(bare)] == bare:
        compare_masks(template, shape, example, prompts, theirs["twin"]["mask"])


def compare_masks(template, shape, example, prompts, mask):
    """All but line breaks after an end of turn, which stay unlearned, and what the prompt holds already."""
    ours = {at for span in spans(example) for at in range(*span)}
    theirs = {at for at, is_learned in enumerate(mask[: len(example.ids)]) if is_learned}
    decode = tokenizer_for(template).decode
    supplied = {
        at
        for start, prompt in zip(example.spans[::2], prompts, strict=True)
        for at in range(min(start, common(prompt, example.ids)))
    }
    if template.startswith(OPENS_MORE):  # of its thought's first line break, too, the prompt makes another token
        supplied |= {start - 1 for start in example.spans[::2] if decode(example.ids[start - 1 : start]).isspace()}
    breaks = {at for at in example.spans[1::2] if at in theirs and decode([example.ids[at]]).isspace()}
    more = sorted(theirs - ours - supplied - breaks)
    assert not more, (shape, [decode([example.ids[at]]) for at in more])
    assert decode([example.ids[at] for at in sorted(ours - theirs)]) == LEARNED_BESIDES.get((template, shape), ""), (
        shape
    )


def spans(example):
    return list(zip(example.spans[::2], example.spans[1::2], strict=True))


def common(one, other):
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@pytest.mark.parametrize(("template", "shape"), [case for case in CASES if case[1] != "tool call, result"])
def test_what_is_learned_is_the_answer_and_its_end(template, shape):
    found = tried(template, shape)
    answers = [message for message in SHAPES[shape].messages if message.trained]
    decode = tokenizer_for(template).decode
    learned = [decode(example.ids[start:end]) for example in found.examples for start, end in spans(example)]
    assert len(learned) == len(answers)
    for text, answer in zip(learned, answers, strict=True):
        assert answer.content in text
        assert text.partition(answer.content)[2] in ENDS, text
        assert not answer.reasoning or "r" in found.cell.split() or answer.reasoning in text


def test_no_published_template_refuses_a_shape():
    assert not [(case, tried(*case).refusal) for case in CASES if tried(*case).cell == "refused"]


@pytest.mark.parametrize("template", ["llama3_2", "gptoss", "muse_glimmer"])
def test_a_template_that_asks_for_the_date_is_told_the_same_one_every_day(tmp_path, template):
    model = write_model(tmp_path, template)
    chats = [SHAPES["two turns"].conversation]
    first, again, next_day = (ChatTokenizer(model, day) for day in (DAY, DAY, DAY + timedelta(days=1)))
    assert first.template.is_dated
    assert first.encode(chats) == again.encode(chats) != next_day.encode(chats)
    assert first.probes() == again.probes() != next_day.probes()


def test_a_template_without_the_date_gives_the_same_every_day(tmp_path):
    model = write_model(tmp_path, "qwen3")
    one, other = ChatTokenizer(model, DAY), ChatTokenizer(model, date(1999, 12, 31))
    assert not one.template.is_dated
    assert one.encode([SHAPES["two turns"].conversation]) == other.encode([SHAPES["two turns"].conversation])
