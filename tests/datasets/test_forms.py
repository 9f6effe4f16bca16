"""What is done to a conversation so that a template takes it, and what is said of that."""

import pytest

from datasets.formats.rows import Conversation, Message
from datasets.tokenizing.model_files import TokenizerNotFound
from datasets.tokenizing.template import Refused
from datasets.tokenizing.tokens import ChatTokenizer
from tests.datasets.matrix import DAY, tokenizer_for
from tests.datasets.published import CALL, SHAPES, STOCK, TOOL, assistant, user, write_model

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MISTRAL = """
{%- for m in messages -%}
    {%- if m.tool_calls -%}
        {%- for call in m.tool_calls -%}
            {%- if call.id|length != 9 %}{{ raise_exception("Tool call IDs should have length 9!") }}{% endif -%}
            {{- ' ' + call.function.name + '[' + call.id + ']' + (call.function.arguments | tojson) -}}
        {%- endfor -%}
        {{- '</s>' -}}
    {%- elif m.role == 'tool' -%}
        {{- '{' + m.tool_call_id + ': ' + m.content + '}' -}}
    {%- elif m.role == 'user' -%}
        {{- '[INST] ' + m.content + '[/INST]' -}}
    {%- else -%}
        {{- ' ' + m.content + '</s>' -}}
    {%- endif -%}
{%- endfor -%}
"""


@pytest.fixture
def model(tmp_path):
    def make(source):
        return ChatTokenizer(write_model(tmp_path, "qwen2_5", source), DAY)

    return make


def text_of(tokenizer, *messages, tools=(), **more):
    draft = tokenizer.draft(Conversation(1, messages, tools=tools), **more)
    return draft.texts[-1].text, draft.notes


def test_a_system_message_that_is_refused_is_folded_or_not_as_chosen():
    text, notes = text_of(tokenizer_for("gemma"), *SHAPES["system"].messages)
    assert "<start_of_turn>user\nYou are terse.\n\nWhat is the capital" in text
    assert set(notes) == {"system_folded"}
    with pytest.raises(Refused, match="System role not supported"):
        text_of(tokenizer_for("gemma"), *SHAPES["system"].messages, fold=False)


def test_a_system_message_that_is_dropped_in_silence_is_folded(model):
    tokenizer = model(CHATML.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}"))
    text, notes = text_of(tokenizer, *SHAPES["system"].messages)
    assert text.startswith("<|im_start|>user\nYou are terse.\n\nWhat is the capital")
    assert set(notes) == {"system_folded"}
    with pytest.raises(Refused, match=r"leaves out what message 1 \(system\) says"):
        text_of(tokenizer, *SHAPES["system"].messages, fold=False)


def test_words_that_stand_elsewhere_by_chance_do_not_hide_what_is_left_out(model):
    tokenizer = model(CHATML.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}"))
    with pytest.raises(Refused, match=r"leaves out message 1 \(system\)"):
        text_of(tokenizer, Message("system", "a"), user("a?"), assistant("a."), fold=False)


def test_tools_are_written_out_where_a_template_knows_none(model):
    second = Message("tool", "0 left", call_id="call00002", name="get_stock")
    messages = (*STOCK[:1], assistant("Let me see.", calls=(CALL, CALL)), STOCK[2], second, STOCK[3])
    text, notes = text_of(model(CHATML), Message("system", "Be kind."), *messages, tools=(TOOL,))
    assert set(notes) == {"tools_as_text"}
    called = '<tool_call>\n{"name": "get_stock", "arguments": {"sku": "A-17"}}\n</tool_call>'
    assert text.startswith("<|im_start|>system\nBe kind.\n\n# Tools\n")
    assert '<tools>\n{"type": "function", "function": {"name": "get_stock"' in text
    assert f"<|im_start|>assistant\nLet me see.\n{called}\n{called}<|im_end|>" in text
    results = "<tool_response>\n4 left\n</tool_response>\n<tool_response>\n0 left\n</tool_response>"
    assert f"<|im_start|>user\n{results}<|im_end|>\n<|im_start|>assistant\nFour.<|im_end|>" in text


def test_a_list_of_tools_without_a_call_is_written_out_too(model):
    text, notes = text_of(model(CHATML), user("Hi"), assistant("Hello"), tools=(TOOL,))
    assert text.startswith("<|im_start|>system\n# Tools\n")
    assert set(notes) == {"tools_as_text"}


def test_calls_learned_in_context_keep_their_weights(model):
    messages = (STOCK[0], Message("assistant", "", 0.5, calls=(CALL,)), STOCK[2], STOCK[3])
    (one,) = model(CHATML).encode([Conversation(1, messages, tools=(TOOL,))])
    assert one.examples[0].weights == [0.5, 1.0]


def test_a_template_that_knows_calls_but_lists_no_tools_is_left_to_it():
    text, notes = text_of(tokenizer_for("deepseekv3"), *STOCK, tools=(TOOL,))
    assert "<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_stock" in text
    assert set(notes) == {"tools_left_out"}


def test_names_of_calls_are_made_as_short_as_a_template_insists_on(model):
    long = CALL | {"id": "call_7d2c0a9e41"}
    messages = (STOCK[0], assistant("", calls=(long,)), Message("tool", "4 left", call_id=long["id"]), STOCK[3])
    text, notes = text_of(model(MISTRAL), *messages)
    assert text.endswith('[/INST] get_stock[call00000]{"sku": "A-17"}</s>{call00000: 4 left} Four.</s>')
    assert notes == {}


def test_what_no_form_can_hold_is_refused_with_the_templates_reason(model):
    tokenizer = model("{{ raise_exception('Not on Sundays') }}")
    with pytest.raises(Refused, match="Not on Sundays"):
        text_of(tokenizer, user("Hi"), assistant("Hello"))


@pytest.mark.parametrize("template", ["gemma", "llama3", "qwen3"])
def test_a_conversation_that_the_assistant_opens_is_written_or_refused(template):
    messages = (Message("assistant", "Welcome."), user("Hi"), assistant("Hello"))
    try:
        text, _ = text_of(tokenizer_for(template), *messages)
    except Refused:
        assert template == "gemma"
    else:
        assert text.index("Welcome.") < text.index("Hi") < text.index("Hello")


def test_reasoning_that_is_not_written_is_said():
    thinking = (user("Q"), assistant("A", reasoning="Because."))
    assert set(text_of(tokenizer_for("llama3"), *thinking)[1]) == {"reasoning_left_out"}
    assert text_of(tokenizer_for("qwen3"), *thinking)[1] == {}
    inside = (user("Q"), assistant("<think>\nBecause.\n</think>\n\nA"))
    assert set(text_of(tokenizer_for("deepseek_r1_distill"), *inside)[1]) == {"reasoning_left_out"}
    text, notes = text_of(tokenizer_for("qwen3"), *inside)
    assert "<think>\nBecause.\n</think>\n\nA<|im_end|>" in text
    assert notes == {}


@pytest.mark.parametrize(
    "source", ["{% if %}", "{{ messages | nothing }}", "{% generation %}{% set x = 1 %}", "{{ namespace(_x=1) }}"]
)
def test_a_template_that_cannot_be_read_or_run_is_an_error_with_its_reason(model, source):
    with pytest.raises((TokenizerNotFound, Refused), match="chat template"):
        text_of(model(source), user("Q"), assistant("A"))
