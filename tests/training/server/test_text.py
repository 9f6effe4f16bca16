"""Text while tokens come: whole characters, the same in the end as all at once, and nothing of a stop string."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from training.server.text import Stops, Writer

PIECES = st.lists(st.text("abc", max_size=4), max_size=8)
STOPS = st.lists(st.text("abc", min_size=1, max_size=4), max_size=3).map(tuple)


class Decoding:
    """A tokenizer of Hugging Face's as the program sees it; Transformers is not loaded where tests run."""

    def __init__(self, folder):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def decode(self, ids, *, skip_special_tokens, clean_up_tokenization_spaces):
        return self.tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return Decoding(tiny_model)


def written(tokenizer, ids):
    writer = Writer(tokenizer)
    return [writer.add(token) for token in ids], writer.rest()


@given(text=st.text())
def test_text_comes_in_whole_characters_and_is_all_there(tokenizer, text):
    pieces, rest = written(tokenizer, tokenizer.tokenizer.encode(text).ids)
    assert "".join(pieces) + rest == text
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)
        assert rest == ""


@given(ids=st.lists(st.integers(0, 300)))
def test_any_tokens_come_as_what_they_decode_to_together(tokenizer, ids):
    pieces, rest = written(tokenizer, ids)
    assert "".join(pieces) + rest == tokenizer.tokenizer.decode(ids)


def test_a_character_of_several_tokens_comes_with_its_last(tokenizer):
    ids = tokenizer.tokenizer.encode("🦊").ids
    assert len(ids) == 4
    assert written(tokenizer, ids) == (["", "", "", "🦊"], "")
    assert written(tokenizer, ids[:-1]) == (["", "", ""], "\ufffd")


@given(pieces=PIECES, stops=STOPS)
def test_a_text_ends_before_the_first_stop_string_however_it_is_cut(pieces, stops):
    watch = Stops(stops)
    said = []
    for piece in pieces:
        said.append(watch.add(piece))
        if watch.is_reached:
            break
    text = "".join(said) + watch.rest()
    whole = "".join(pieces)
    if not any(stop in whole for stop in stops):
        assert (text, watch.is_reached) == (whole, False)
    else:
        assert watch.is_reached
        assert whole.startswith(text)
        assert not any(stop in text for stop in stops)
        assert any(whole.startswith(stop, len(text)) for stop in stops)


@given(pieces=PIECES, stops=STOPS)
def test_no_more_is_held_back_than_may_become_a_stop_string(pieces, stops):
    watch, seen, said = Stops(stops), "", ""
    for piece in pieces:
        seen += piece
        said += watch.add(piece)
        if watch.is_reached:
            return
        held = seen[len(said) :]
        assert held == "" or any(stop.startswith(held) and stop != held for stop in stops)
