"""JSON, JSON schemas and patterns that answers are held against: by people's wishes, within bounds."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.answer_form import FormUnusable, JsonSchema, Pattern, Undecided, valid_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}
SLOW = "(a|a)*$"


@given(VALUES)
def test_whatever_is_written_as_json_is_valid(value):
    assert valid_json(json.dumps(value)) == 1


@pytest.mark.parametrize(
    "text", ["", "NaN", "-Infinity", "{'a': 1}", "[1,]", '```json\n{"a": 1}\n```', "Sure: {}", "{} {}", "[" * 100_000]
)
def test_whatever_is_no_json_is_not(text):
    assert valid_json(text) == 0


def test_a_number_of_any_length_is_json():
    assert valid_json("9" * 10_000) == 1


@pytest.mark.parametrize(
    ("text", "is_accepted"),
    [
        ('{"name": "Ada", "age": 36}', True),
        ('{"name": "Ada", "age": 36.0}', True),
        ('{"name": "ada"}', False),
        ('{"age": 36}', False),
        ('{"name": "Ada", "email": ""}', False),
        ('{"name": "Ada"', False),
        ("[" * 50_000 + "]" * 50_000, False),
    ],
)
def test_an_answer_is_held_against_the_schema(text, is_accepted):
    assert JsonSchema(PERSON).accepts(text) is is_accepted


def test_a_schema_may_refer_to_itself():
    tree = {"$defs": {"node": {"type": "array", "items": {"$ref": "#/$defs/node"}}}, "$ref": "#/$defs/node"}
    assert JsonSchema(tree).accepts("[[], [[]]]")
    assert not JsonSchema(tree).accepts("[[], [1]]")


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"type": "objekt"}, "not valid"),
        ({"type": 7}, "not valid"),
        ({"$ref": "https://example.com/person.json"}, "complete in itself"),
        ({"properties": {"a": {"$ref": "#/$defs/a"}}}, "does not hold"),
        ({"patternProperties": {"^a": {}}}, "patternProperties"),
        ({"properties": {"a": {"pattern": "("}}}, "not valid"),
        ([], "not valid"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_in_words(schema, word):
    with pytest.raises(FormUnusable, match=word):
        JsonSchema(schema)


def test_a_pattern_is_looked_for_anywhere():
    assert Pattern(r"\d{4}-\d\d").found_in("On 2026-01-31.")
    assert not Pattern(r"^\d{4}-\d\d$").found_in("On 2026-01-31.")


@pytest.mark.parametrize("pattern", ["(", "a" * 1001, "[z-a]"])
def test_a_pattern_that_cannot_be_used_is_refused(pattern):
    with pytest.raises(FormUnusable, match="pattern"):
        Pattern(pattern)


@pytest.mark.parametrize(
    "search",
    [
        lambda text: Pattern(SLOW).found_in(text),
        lambda text: JsonSchema({"pattern": SLOW}).accepts(json.dumps(text)),
    ],
)
def test_a_pattern_that_would_take_years_is_given_up(search):
    began = time.monotonic()
    with pytest.raises(Undecided):
        search("a" * 60 + "b")
    assert time.monotonic() - began < 10
