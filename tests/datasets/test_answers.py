"""Which characters, and which tokens, of a conversation are learned."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from datasets.formats.rows import Conversation, Message
from datasets.tokenizing.answers import Ends, written
from tests.datasets.matrix import tokenizer_for
from tests.datasets.published import SHAPES, TEMPLATES, assistant, special, tokenizer_file, user

ENDS = Ends("<eos>", ("<end>", "<eos>", "<user>"))
CHAT = [
    {"role": role, "content": content}
    for role, content in (("user", "Q1"), ("assistant", "A1"), ("user", "Q2"), ("assistant", "A2"))
]


def appending(messages, *, open_answer=False):
    turns = [f"<{message['role']}>\n{message['content']}<end>\n" for message in messages]
    return "".join(turns) + "<assistant>\n" * open_answer


def forgetful(messages, *, open_answer=False):
    """Drops the thoughts of all turns but the last, as Qwen3 does."""
    *before, last = messages
    thought = "<think>.</think>" if last["role"] == "assistant" and not open_answer else ""
    return (
        appending(before)
        + f"<{last['role']}>\n{thought}{last['content']}<end>\n"
        + ("<assistant>\n" if open_answer else "")
    )


def opening(messages, *, open_answer=False):
    """Its prompt opens a thought, but an answer without one is written without."""
    return appending(messages) + "<assistant>\n<think>" * open_answer


def ending(messages, *, open_answer=False):
    """Ends the whole with another token, besides the turn's, as Phi-3 does."""
    return appending(messages, open_answer=open_answer) + "<eos>" * (not open_answer)


def endless(messages, *, open_answer=False):
    """Ends a turn by the next one's beginning, as GLM does."""
    turns = [f"<{message['role']}>{message['content']}" for message in messages]
    return "".join(turns) + "<assistant>" * open_answer


def learned(render, chat=CHAT, weights=(0, 1, 0, 1)):
    texts = written(render, chat, weights[: len(chat)], whole=render(chat), ends=ENDS)
    return [[one.text[answer.start : answer.end] for answer in one.answers] for one in texts]


@pytest.mark.parametrize(
    ("render", "expected"),
    [
        (appending, [["A1<end>", "A2<end>"]]),
        (forgetful, [["<think>.</think>A1<end>"], ["<think>.</think>A2<end>"]]),
        (opening, [["A1<end>", "A2<end>"]]),
        (ending, [["A1<end>", "A2<end>\n<eos>"]]),
        (endless, [["A1<user>", "A2<eos>"]]),
    ],
)
def test_each_kind_of_template(render, expected):
    assert learned(render) == expected


def test_an_answer_that_begins_like_what_the_prompt_opens():
    chat = [CHAT[0], {"role": "assistant", "content": "<thin>"}]
    assert learned(opening, chat) == [["<thin><end>"]]


def test_an_answer_that_is_only_context_is_not_learned():
    assert learned(appending, weights=(0, 0, 0, 1)) == [["A2<end>"]]
    assert learned(forgetful, weights=(0, 1, 0, 0)) == [["<think>.</think>A1<end>"]]
    assert learned(appending, weights=(0, 0, 0, 0)) == [[]]


def test_what_follows_the_last_answer_stays_where_nothing_is_rewritten():
    (text,) = written(appending, CHAT[:3], (0, 1, 0), whole=appending(CHAT[:3]), ends=ENDS)
    assert text.text.endswith("Q2<end>\n")
    assert learned(forgetful, CHAT[:3]) == [["<think>.</think>A1<end>"]]


def test_weights_are_kept():
    (text,) = written(appending, CHAT, (0, 0.5, 0, 1), whole=appending(CHAT), ends=ENDS)
    assert [answer.weight for answer in text.answers] == [0.5, 1]


PLAIN = Tokenizer.from_str(tokenizer_file())
OPENINGS = {
    "deepseek": [""],
    "glm4moe": ["\n<think></think>\n"],
    "gptoss": ["<|channel|>final<|message|>"],
    "idefics3": [" "],
    "llava_next": [" "],
    "muse_glimmer": [" to=user<|message|>"],
    "nemotron": ["</think>"],
    "qwen3_5_nothink": [""],
    "qwen3_5_think": ["\n</think>\n\n"],
    "qwen3_6": ["\n</think>\n\n"],
    "qwen3_8": ["\n</think>\n\n"],
    "qwen3_instruct": [""],
    "qwen3_vl": [""],
    "qwen3": ["<think>\n\n</think>\n\n", ""],
    "smolvlm": [" "],
}
"""What the model itself writes before its answer; Qwen3 leaves it out of turns that are followed by others."""
ENDINGS = {
    "cohere2": ["<|END_RESPONSE|><|END_OF_TURN_TOKEN|>"],
    "diffusion_gemma": ["<turn|>"],
    "gemma4": ["<turn|>"],
    "gemma": ["<end_of_turn>"],
    "glm4moe": ["<|user|>", "<|endoftext|>"],
    "gptoss": ["<|return|>"],
    "phi3": ["<|end|>\n<|endoftext|>", "<|end|>"],
}

PIECES = [
    "Paris",
    "é",
    "日本",
    "😀",
    "42",
    " ",
    "  ",
    "\n",
    "\n\n",
    "{",
    '"',
    ".",
    "<b>",
    "[x]",
    "'s",
    "<|im_end|>",
    "</s>",
]
words = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
said = st.tuples(words, st.sampled_from(["Yes", "No", "1"]), words).map("".join)


@st.composite
def conversations(draw):
    messages = [Message("system", draw(said))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        messages += [user(draw(said)), Message("assistant", draw(said), draw(st.sampled_from([0.0, 0.5, 1.0])))]
    return Conversation(1, tuple(messages) if draw(st.booleans()) or not messages[-1].trained else tuple(messages[:-1]))


def spoken(of, template):
    return next((values for name, values in of.items() if template.startswith(name)), [""])


@settings(max_examples=300, deadline=None)
@given(template=st.sampled_from(list(TEMPLATES)), conversation=conversations())
def test_learned_is_what_was_meant_to_be_and_its_end(template, conversation):
    tokenizer = tokenizer_for(template)
    (one,) = tokenizer.encode([conversation])
    found = [
        (tokenizer.decode(example.ids[start:end]), weight)
        for example in one.examples
        for start, end, weight in zip(
            example.spans[::2], example.spans[1::2], example.weights or [1.0] * len(example.spans), strict=False
        )
    ]
    meant = [message for message in conversation.messages if message.trained]
    assert [weight for _, weight in found] == [message.weight for message in meant]
    endings = spoken(ENDINGS, template)
    endings = endings if endings != [""] else [special(template)["eos_token"]]
    for (text, _), message in zip(found, meant, strict=True):
        end = next(ending for ending in endings if text.endswith(ending))
        start = next(start for start in spoken(OPENINGS, template) if text.startswith(start))
        assert text.removesuffix(end)[len(start) :].strip() == message.content.strip()


@settings(max_examples=200, deadline=None)
@given(template=st.sampled_from(list(TEMPLATES)), conversation=conversations())
def test_before_each_answer_stands_what_a_server_would_send(template, conversation):
    """The prompt's ids are exactly those at the example's beginning, whatever the answer begins with."""
    tokenizer = tokenizer_for(template)
    draft = tokenizer.draft(conversation)
    (one,) = tokenizer.encode([conversation])
    starts = [example.ids[:start] for example in one.examples for start in example.spans[::2]]
    prompts = [text.text[: answer.start] for text in draft.texts for answer in text.answers]
    if not draft.is_hidden:
        assert starts == [PLAIN.encode(prompt, add_special_tokens=False).ids for prompt in prompts]
    assert len(starts) == len(prompts)


@pytest.mark.parametrize("answer", ["\n\nParis", " Paris", "\n", "Paris"])
@pytest.mark.parametrize("template", ["qwen2_5", "llama3", "smolvlm", "gemma3"])
def test_an_answer_that_begins_with_white_space(template, answer):
    test_before_each_answer_stands_what_a_server_would_send.hypothesis.inner_test(
        template, Conversation(1, (*SHAPES["two turns"].messages[:1], assistant(answer), user("x"), assistant("y")))
    )
