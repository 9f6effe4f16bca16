"""A Modelfile's template says what the chat template says, or says that it cannot."""

import pytest
from jinja2 import Environment

from training.exporter.modelfile import found_turns, modelfile

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
WITH_DEFAULT = (
    "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}"
    + CHATML
)
LLAMA_3 = (
    "{{ '<|begin_of_text|>' }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n' + message['content'] + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
NUMBERED = "{% for message in messages %}{{ loop.index }}: {{ message['content'] }}\n{% endfor %}"
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise('no') }}{% endif %}" + CHATML
BRACES = CHATML.replace("<|im_end|>", "{{")


def renderer(template):
    compiled = Environment(keep_trailing_newline=True).from_string(template)
    return lambda messages, opens: compiled.render(messages=messages, add_generation_prompt=opens)


def as_ollama(text, messages, system=""):
    """What Go's text/template makes of the Modelfile's TEMPLATE, by the few tags that there are in it."""
    template = text.split('TEMPLATE """')[1].split('"""')[0]
    body, opening = template.removeprefix("{{ range .Messages }}").rsplit("{{ end }}{{ end }}", 1)
    turns = {}
    for branch in body.replace("{{ else if", "{{ if").split('{{ if eq .Role "')[1:]:
        role, rest = branch.split('" }}', 1)
        turns[role] = rest
    whole = (
        messages
        if messages[0]["role"] == "system" or not system
        else [{"role": "system", "content": system}, *messages]
    )
    return "".join(turns[one["role"]].replace("{{ .Content }}", one["content"]) for one in whole) + opening


CHAT = [
    {"role": "user", "content": "What is it?"},
    {"role": "assistant", "content": "It is a test."},
    {"role": "user", "content": "Thank you.\n\nBye."},
]


@pytest.mark.parametrize(
    ("template", "added", "system"),
    [(CHATML, "", ""), (WITH_DEFAULT, "", "You are helpful."), (LLAMA_3, "<|begin_of_text|>", "")],
    ids=["ChatML", "with a default system prompt", "Llama 3"],
)
@pytest.mark.parametrize("messages", [CHAT, CHAT[:1], [{"role": "system", "content": "Be kind."}, *CHAT]])
def test_what_ollama_writes_is_what_the_chat_template_writes(template, added, system, messages):
    turns = found_turns(renderer(template), added=added)
    text = modelfile("model.gguf", turns, ["<|im_end|>"])
    assert as_ollama(text, messages, system) == renderer(template)(messages, True).removeprefix(added)
    assert (f'SYSTEM """{system}"""' in text) is bool(system)
    assert text.startswith("FROM ./model.gguf\n")
    assert text.endswith('PARAMETER stop "<|im_end|>"\n')


@pytest.mark.parametrize("template", [NUMBERED, NO_SYSTEM, BRACES], ids=["numbered", "no system", "braces"])
def test_a_template_that_cannot_be_said_is_left_to_the_gguf_file(template):
    assert found_turns(renderer(template), added="") is None
    text = modelfile("model.gguf", None, ["</s>"])
    assert "TEMPLATE" not in text
    assert "FROM ./model.gguf\n# The chat template cannot be said" in text
