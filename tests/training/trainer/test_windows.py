"""What is too long is trained on answer by answer, each whole and once, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.trainer.windows import CUT, DROP, LEAST_CONTEXT, SPLIT, Measures, Window, halves, row_windows, windows


@st.composite
def conversations(draw):
    """(length, spans, weights, head): turns one after another, an answer at each one's end."""
    head = draw(st.integers(0, 12))
    turns = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=1, max_size=12))
    spans, at = [], max(head, 1)
    for question, answer in turns:
        spans += [at + question, at + question + answer]
        at = spans[-1]
    weights = draw(st.just([]) | st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=len(turns), max_size=len(turns)))
    return at + draw(st.integers(0, 30)), spans, weights, head


def source(window):
    """The example's position of each of the window's tokens."""
    return [*range(window.head), *range(window.start, window.stop)]


def learned(window):
    """(from, to) of each learned span, as positions in the example."""
    places = source(window)
    edges = zip(window.spans[::2], window.spans[1::2], strict=True)
    return [(places[begin], places[end - 1] + 1) for begin, end in edges]


@settings(max_examples=400, deadline=None)
@given(conversations(), st.integers(2, 200), st.sampled_from([SPLIT, CUT]))
def test_each_answer_is_whole_in_one_window_or_too_long_for_any(conversation, limit, choice):
    length, spans, weights, head = conversation
    found = windows(length, spans, weights, head, limit=limit, choice=choice, is_text=False)
    answers = list(zip(spans[::2], spans[1::2], strict=True))
    taken = [answer for window in found for answer in learned(window)]
    assert taken == sorted(set(taken))
    assert set(taken) <= set(answers)
    for number, (begin, end) in enumerate(answers):
        before = answers[number - 1][1] if number else head
        least = max(min(LEAST_CONTEXT, begin - before), 0 if head else 1)
        assert ((begin, end) in taken) == (end <= limit or head + least + end - begin <= limit)
    if weights:
        assert [weight for window in found for weight in window.weights] == [
            weight for answer, weight in zip(answers, weights, strict=True) if answer in taken
        ]


@settings(max_examples=400, deadline=None)
@given(conversations(), st.integers(2, 200))
def test_a_window_is_the_head_and_then_one_piece_within_the_limit_that_begins_in_no_answer(conversation, limit):
    length, spans, weights, head = conversation
    for window in windows(length, spans, weights, head, limit=limit, choice=SPLIT, is_text=False):
        assert 0 < window.length == len(source(window)) <= limit
        assert window.head in (0, head)
        assert window.head <= window.start < window.stop <= length
        assert window.head == head or window.start == 0
        cut = [(begin, end) for begin, end in zip(spans[::2], spans[1::2], strict=True) if begin < window.start < end]
        assert not cut or (head == 0 and cut[0][1] == window.start + 1 == learned(window)[0][0])
        assert window.trained == sum(end - begin for begin, end in learned(window))
        inside = learned(window)
        assert length <= limit or window.stop == inside[-1][1]
        for begin, _ in inside[:-1]:
            before = max([head, *(end for end in spans[1::2] if end <= begin)])
            assert window.start <= before, "an answer stands without its question"


def test_the_last_answers_history_is_as_long_as_fits():
    (window,) = windows(100, [90, 100], [], 5, limit=50, choice=CUT, is_text=False)
    assert window == Window(head=5, start=55, stop=100, spans=(40, 50))
    first, second = windows(100, [40, 45, 90, 100], [], 5, limit=50, choice=CUT, is_text=False)
    assert first == Window(head=0, start=0, stop=45, spans=(40, 45))
    assert second == Window(head=5, start=55, stop=100, spans=(40, 50))


def test_a_window_that_would_begin_inside_an_answer_begins_after_it():
    assert windows(100, [20, 60, 90, 100], [], 5, limit=60, choice=SPLIT, is_text=False) == [
        Window(head=0, start=0, stop=60, spans=(20, 60)),
        Window(head=5, start=60, stop=100, spans=(35, 45)),
    ]


def test_an_answer_that_does_not_fit_beside_the_system_prompt_is_left_out_and_the_others_are_not():
    found = windows(200, [20, 30, 60, 150, 180, 190], [], 10, limit=60, choice=SPLIT, is_text=False)
    assert [answer for window in found for answer in learned(window)] == [(20, 30), (180, 190)]
    assert not windows(200, [110, 190], [], 100, limit=100, choice=SPLIT, is_text=False)


@pytest.mark.parametrize("choice", [SPLIT, CUT, DROP])
def test_what_is_not_too_long_stays_as_it_is(choice):
    whole = windows(50, [10, 20, 40, 50], [1.0, 0.5], 5, limit=50, choice=choice, is_text=False)
    assert whole == [Window(0, 0, 50, (10, 20, 40, 50), (1.0, 0.5))]


def test_left_out_is_the_whole_row_with_all_its_examples():
    row = [Measures(40, [30, 40]), Measures(90, [80, 90])]
    assert row_windows(row, limit=50, choice=DROP, is_text=False) == [[], []]
    assert [len(found) for found in row_windows(row, limit=50, choice=SPLIT, is_text=False)] == [1, 1]
    assert [len(found) for found in row_windows(row, limit=90, choice=DROP, is_text=False)] == [1, 1]


@pytest.mark.parametrize(
    ("spans", "weights"), [([], []), ([5, 9], [0.0]), ([0, 1], []), ([0, 1, 5, 9], [1.0, 0.0]), ([3, 3], [])]
)
@pytest.mark.parametrize("length", [20, 200])
def test_where_nothing_is_learned_there_is_no_window(spans, weights, length):
    assert not windows(length, spans, weights, 0, limit=100, choice=SPLIT, is_text=False)


def test_an_answer_that_counts_nothing_is_context():
    (window,) = windows(20, [5, 9, 12, 20], [0.0, 0.5], 0, limit=100, choice=SPLIT, is_text=False)
    assert window == Window(0, 0, 20, (12, 20), (0.5,))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 4), st.integers(1, 400), st.integers(2, 60))
def test_every_token_of_a_text_is_learned_in_exactly_one_piece(head, length, limit):
    length += head + 1
    pieces = windows(length, [head, length], [], head, limit=limit, choice=SPLIT, is_text=True)
    if max(head, 1) >= limit and length > limit:
        assert not pieces
        return
    assert [place for window in pieces for span in learned(window) for place in range(*span)] == [*range(head, length)]
    for window in pieces:
        assert window.length <= limit
        assert source(window)[:head] == [*range(head)]
        assert window.spans[0] > 0 or window.start == 0, "a piece's first token is learned from nothing"
    cut = windows(length, [head, length], [], head, limit=limit, choice=CUT, is_text=True)
    assert cut == pieces[:1]
    dropped = windows(length, [head, length], [], head, limit=limit, choice=DROP, is_text=True)
    assert dropped == (pieces if length <= limit else [])


def test_a_text_of_9020_tokens_loses_none():
    pieces = windows(9020, [1, 9020], [], 1, limit=2048, choice=SPLIT, is_text=True)
    assert [window.length for window in pieces] == [2048, 2048, 2048, 2048, 832]
    assert sum(window.trained for window in pieces) == 9019


@settings(max_examples=200, deadline=None)
@given(conversations(), st.integers(60, 500))
def test_two_halves_learn_what_the_whole_does(conversation, limit):
    length, spans, weights, head = conversation
    for window in windows(length, spans, weights, head, limit=limit, choice=SPLIT, is_text=False):
        if window.pairs < 2:
            continue
        first, second = halves(window)
        assert learned(first) + learned(second) == learned(window)
        assert first.weights + second.weights == window.weights
        assert source(first) == source(window)[: first.length]
        assert source(second) == source(window)
        assert first.spans[-1] == first.length
        assert abs(first.pairs - second.pairs) <= 1
        assert first.trained + second.trained == window.trained
