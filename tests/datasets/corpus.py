"""Real-shaped files: the same conversations in every shape, container and wrapping."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet
from backports import zstd

from datasets.formats.containers import Rows
from datasets.formats.detect import detect
from datasets.formats.parsing import parse
from datasets.formats.problems import FileProblem, Problem
from datasets.formats.rows import Conversation

QUESTION, ANSWER = "What is 12 + 30?\nSay it “briefly”, please.", "It is 42; voilà 😀"


def chat(*turns, system=None):
    messages = [{"role": "system", "content": system}] if system else []
    for question, answer in turns:
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return messages


SHAPES = {
    "openai_chat": [
        {"messages": chat((QUESTION, ANSWER))},
        {"messages": chat(("Hi", "Hello"), ("And?", "So."), system="Be kind")},
    ],
    "sharegpt": [
        {"conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": ANSWER}]},
        {
            "conversations": [
                {"from": "system", "value": "Be kind"}, {"from": "human", "value": "Hi"},
                {"from": "gpt", "value": "Hello"},
                {"from": "human", "value": "And?"}, {"from": "gpt", "value": "So."},
            ]
        },
    ],
    "alpaca": [
        {"instruction": QUESTION, "input": "", "output": ANSWER},
        {"instruction": "And?", "input": "", "output": "So.", "system": "Be kind", "history": [["Hi", "Hello"]]},
    ],
    "prompt_completion": [{"prompt": QUESTION, "completion": ANSWER}, {"prompt": "Hi", "completion": "Hello"}],
    "text": [{"text": f"{QUESTION} {ANSWER}"}, {"text": "Once upon a time."}],
}  # fmt: skip

"""The first row is QUESTION and ANSWER; the second, a chat of two turns where the shape can hold one."""
SINGLE_TURN = {"prompt_completion"}
"""Shapes whose rows are one question and its answer."""


def jsonl(rows):
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def json_array(rows):
    return json.dumps(rows, indent=2, ensure_ascii=False).encode()


def as_csv(rows, delimiter=","):
    """Lists as JSON, as spreadsheets' exports and data frames have them."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        cells = {name: value if isinstance(value, str) else json.dumps(value) for name, value in row.items()}
        writer.writerow(cells)
    return text.getvalue().encode()


def parquet(rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({name: [row.get(name) for row in rows] for name in columns}), sink)
    return sink.getvalue()


CONTAINERS = {"jsonl": jsonl, "json": json_array, "csv": as_csv, "parquet": parquet}
PACKINGS = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}
LIMIT = 64 * 1024**2


def read(path, name=None, *, limit=LIMIT, **chosen):
    """Everything that a file holds: conversations and problems, the one that ended it last."""
    try:
        detected = detect(path, name or path.name, limit=limit, scratch=path.parent, **chosen)
        assert detected.is_recognized, detected.columns
        found = []
        with Rows(path, detected.options, limit=limit, scratch=path.parent) as rows:
            for row in rows:
                found.append(row if isinstance(row, Problem) else parse(row, detected.options))
    except FileProblem as error:
        return [*locals().get("found", []), error.problem]
    return found


def turns(conversation):
    assert isinstance(conversation, Conversation), conversation
    return [(message.role, message.content) for message in conversation.messages]
