"""The model card says what was trained on, and what was made of it."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from training.trainer.card import Facts, model_card
from training.trainer.progress import Progress
from training.trainer.protocol import Data
from training.trainer.windows import CUT, DROP, SPLIT

COUNTS = Data(
    conversations=1201,
    dropped=3,
    train_pairs=2300,
    evaluation_pairs=100,
    total_tokens=90_000,
    trained_tokens=40_000,
    truncated=5,
)
DONE = Progress(step=30, first_loss=2.0, last_loss=1.0)


def card(spec, **metadata):
    return model_card(Facts(spec=spec, counts=COUNTS, metadata=metadata, longest=1900, progress=DONE))


def test_its_data_are_those_that_the_run_counted(base_spec):
    text = card(base_spec, is_dated=False, date="2026-01-31", notes={})
    for row in (
        "| Rows | 1,201 of 1,204 conversations, 3 dropped, 5 truncated |",
        "| Longest sequence allowed (tokens) | 2,048 |",
        "| Longest sequence (tokens) | 1,900 |",
        "| Pairs trained on | 2,300 |",
        "| Pairs held out for evaluation | 100 |",
        "| Tokens | 90,000, of which 40,000 are learned |",
    ):
        assert row in text
    assert "loss on the assistant's turns only" in text
    assert "rendered" not in text


HOSTILE = [
    "a\n---\n# Heading", "a | b |\n| c", "`code` ``two``", "`", "<script>alert(1)</script>", "a: b\nlicense: other",
    "[link](http://example.com)", "![image](x.png)", "**bold** _slant_ ~~gone~~", "&lt;b&gt;", "trailing \\", "# #",
    "\u2028---\u2029", "- item", "1. item", '"quoted"', "{{ x }} {0} {title}", "", " ", "\x00\x7f\x85", "no: [yes",
    "😀 né",
]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # what a database holds: no lone surrogates


def structure(card):
    """Of the Markdown after the front matter: what it is made of, without the words; and the words of the heading."""
    tokens = MarkdownIt("commonmark").enable("table").parse(card.split("\n---\n", 1)[1])
    parts = [
        (token.type, token.tag, [child.type for child in token.children or () if child.type != "text"])
        for token in tokens
    ]
    heading = next(token for token in tokens if token.type == "inline")
    return parts, "".join(child.content for child in heading.children)


def check_names(base_spec, text):
    named = replace(
        base_spec, model_name=text, dataset_name=text, model_license=text, model_revision=text or "x", preset=text
    )
    written = card(named, notes={})
    front = yaml.safe_load(written.split("\n---\n", 1)[0])
    assert (front["base_model"], front["license"]) == (text, text)
    assert front.keys() == {"base_model", "library_name", "license", "pipeline_tag", "tags"}
    plain = replace(base_spec, model_revision="x")
    parts, heading = structure(written)
    assert parts == structure(card(plain, notes={}))[0]
    if text.isprintable() and "\u00ad" not in text:
        assert heading == f"LoRA adapter: {' '.join(text.split())}".strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_that_means_something_elsewhere_is_only_a_name(base_spec, text):
    check_names(base_spec, text)


@settings(max_examples=40)
@given(text=TEXT | st.lists(st.sampled_from([*HOSTILE, "\n", " ", "|", "`", "\\", "<", "*"])).map("".join))
@example(text="\ufeff")
def test_any_name_is_only_a_name(base_spec, text):
    check_names(base_spec, text)


def test_what_was_done_to_conversations_and_the_day_of_a_dated_template_are_in_it(base_spec):
    text = card(base_spec, is_dated=True, date="2026-01-31", notes={"system_folded": 1012, "some_new_kind": 1})
    assert "| Chat template rendered as of | 2026-01-31 |" in text
    assert "| System message put before the user's words | 1,012 conversations |" in text
    assert "| Some new kind | 1 conversations |" in text


@pytest.mark.parametrize(
    ("choice", "is_text", "says"),
    [
        (SPLIT, False, "each answer with as much of its history as fits"),
        (SPLIT, True, "split into pieces"),
        (CUT, True, "cut at the end"),
        (DROP, False, "left out"),
    ],
)
def test_what_became_of_longer_rows_is_in_it(base_spec, choice, is_text, says):
    text = card(replace(base_spec, too_long=choice), is_text=is_text)
    assert f"| Longer than the longest sequence | 5 ({says}) |" in text
    assert ("loss on the whole text" in text) is is_text


def test_a_sequence_length_that_was_chosen_is_among_the_hyperparameters(base_spec):
    chosen = base_spec.hyperparameters | {"max_sequence_length": 1_048_576}
    assert "| Sequence length chosen (tokens) | 1048576 |" in card(replace(base_spec, hyperparameters=chosen))
