"""The published chat templates that the package trl holds, a tokenizer for all of them, and chats to try them with."""

import importlib.util
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from datasets.formats.rows import Conversation, Message

FOLDER = Path(importlib.util.find_spec("trl").submodule_search_locations[0]) / "chat_templates"
TEMPLATES = {
    path.stem: path.read_text() for path in sorted(FOLDER.glob("*.jinja")) if not path.stem.endswith("_training")
}
TWINS = {name: path.read_text() for name in TEMPLATES if (path := FOLDER / f"{name}_training.jinja").exists()} | {
    name: source for name, source in TEMPLATES.items() if "endgeneration" in source
}
"""The form that marks what the assistant writes."""

MARKUP = re.compile(r"<[|｜][^<>|｜\n ]+[|｜]?>|<[a-z_]+\|>|</?s>|<(?:start|end)_of_\w+>|<sop>|\[gMASK\]")
WORDS = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
BEGIN_AND_END = {
    "cohere": ("<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>"),
    "deepseek": ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    "gemma": ("<bos>", "<eos>"),
    "diffusion_gemma": ("<bos>", "<eos>"),
    "glm": ("", "<|endoftext|>"),
    "gptoss": ("<|startoftext|>", "<|return|>"),
    "idefics3": ("<|begin_of_text|>", "<end_of_utterance>"),
    "smolvlm": ("<|im_start|>", "<end_of_utterance>"),
    "lfm2": ("<|startoftext|>", "<|im_end|>"),
    "llama3": ("<|begin_of_text|>", "<|eot_id|>"),
    "llava": ("<s>", "</s>"),
    "muse": ("<|begin_of_text|>", "<|eot|>"),
    "phi3": ("<s>", "<|endoftext|>"),
    "": ("", "<|im_end|>"),
}
TEXT = [
    "What is the capital of France? The capital of France is Paris.\n\n\nHow many are left? Four of them.\n\n",
    '{"type": "function", "function": {"name": "get_stock", "arguments": {"sku": "A-17"}}}\n\n\n',
    "You are a helpful assistant.\n\nYou may call one or more functions. system user assistant 0123456789\n",
]


def special(template: str) -> dict[str, str]:
    """The special tokens that its models have."""
    begin, end = next(tokens for name, tokens in BEGIN_AND_END.items() if template.startswith(name))
    return {"bos_token": begin, "eos_token": end, "unk_token": "", "pad_token": ""}


def tokenizer() -> Tokenizer:
    """Small; knows the markup of all templates, and merges line breaks as real ones do."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXT * 2, trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    )
    marks = {mark for source in TEMPLATES.values() for mark in MARKUP.findall(source)}
    marks |= {token for tokens in BEGIN_AND_END.values() for token in tokens if token}
    made.add_special_tokens([AddedToken(mark, normalized=False) for mark in sorted(marks)])
    made.add_tokens([AddedToken(word, normalized=False) for word in WORDS])
    return made


@cache
def tokenizer_file() -> str:
    return tokenizer().to_str()


def write_model(folder: Path, name: str, source: str = "") -> Path:
    """A model's folder, as far as its words go."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(tokenizer_file())
    (folder / "tokenizer_config.json").write_text(json.dumps(special(name)))
    (folder / "chat_template.jinja").write_text(source or TEMPLATES[name])
    return folder


def user(text: str) -> Message:
    return Message("user", text)


def assistant(text: str, **more: Any) -> Message:
    return Message("assistant", text, 1.0, **more)


CALL = {"id": "call00001", "type": "function", "function": {"name": "get_stock", "arguments": {"sku": "A-17"}}}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_stock",
        "description": "How many are left",
        "parameters": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]},
    },
}
SYSTEM = Message("system", "You are terse.")
ONE = (user("What is the capital of France?"), assistant("Paris, since 987."))
TWO = (user("And how many live there?"), assistant("Two million:\n\n- in 2024, 2.05 million"))
THOUGHT = tuple(
    Message(one.role, one.content, one.weight, reasoning=f"Thinking of {one.content[:3]}\nthrice" * bool(one.weight))
    for one in (*ONE, *TWO)
)
STOCK = (
    user("How many A-17 are left?"),
    assistant("", calls=(CALL,)),
    Message("tool", "4 left", call_id="call00001", name="get_stock"),
    assistant("Four."),
)


@dataclass(frozen=True)
class Chat:
    messages: tuple[Message, ...]
    tools: tuple[Any, ...] = ()

    @property
    def conversation(self) -> Conversation:
        return Conversation(1, self.messages, tools=self.tools)


SHAPES = {
    "one turn": Chat(ONE),
    "two turns": Chat((*ONE, *TWO)),
    "system": Chat((SYSTEM, *ONE)),
    "system, two turns": Chat((SYSTEM, *ONE, *TWO)),
    "thinking": Chat(THOUGHT),
    "tool call, result": Chat(STOCK, (TOOL,)),
    "ends with user": Chat((*ONE, user("And of Spain?"))),
}
