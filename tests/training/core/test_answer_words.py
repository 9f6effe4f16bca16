"""Exact match, token F1 and ROUGE-L of answers, in any script."""

import re
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from training.core.answer_words import exact_match, rouge_words, squad_words, token_f1
from training.core.rouge import rouge_l

ENGLISH = st.text(string.ascii_letters + string.digits + string.punctuation + "   \n", max_size=60)
PHRASES = st.lists(st.sampled_from(["the", "a", "Red", "red.", "blue", "an apple", "東京", "स्थिति", "été"])).map(
    " ".join
)


def squads_own(text):
    """``normalize_answer`` of SQuAD's evaluate-v1.1.py."""
    text = "".join(char for char in text.lower() if char not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def squads_f1(prediction, truth):
    said, meant = squads_own(prediction), squads_own(truth)
    if not said or not meant:
        return float(said == meant)  # of SQuAD 2.0's script
    same = sum((Counter(said) & Counter(meant)).values())
    if same == 0:
        return 0
    precision, recall = same / len(said), same / len(meant)
    return 2 * precision * recall / (precision + recall)


def longest_common(one, two):
    """By the recurrence of the definition."""
    row = [0] * (len(two) + 1)
    for word in one:
        before = row
        row = [0]
        for at, other in enumerate(two):
            row.append(before[at] + 1 if word == other else max(before[at + 1], row[at]))
    return row[-1]


@given(ENGLISH, ENGLISH)
def test_of_english_exact_match_and_f1_are_those_of_squads_script(answer, reference):
    assert squad_words(answer) == squads_own(answer)
    assert exact_match(answer, reference) == (squads_own(answer) == squads_own(reference))
    assert token_f1(answer, reference) == pytest.approx(squads_f1(answer, reference))


@given(ENGLISH, ENGLISH)
def test_of_english_rouge_l_is_that_of_the_library_alone(answer, reference):
    if rouge_words(answer) and rouge_words(reference):
        alone = RougeScorer(["rougeL"]).score(reference, answer)["rougeL"].fmeasure
        assert rouge_l(answer, reference) == alone


@given(PHRASES, PHRASES)
def test_rouge_l_is_the_longest_common_subsequence_in_every_script(answer, reference):
    said, meant = rouge_words(answer), rouge_words(reference)
    expected = 2 * longest_common(said, meant) / (len(said) + len(meant)) if said and meant else float(said == meant)
    assert rouge_l(answer, reference) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "reference", "f1", "rouge"),
    [
        ("Paris.", "paris", 1.0, 1.0),
        ("The capital is Paris", "Paris is the capital", 1.0, 0.5),
        ("Zürich liegt am See", "Zürich liegt in der Schweiz", 4 / 9, 4 / 9),
        ("東京は大きい", "東京は古い", 8 / 11, 8 / 11),
        ("नमस्ते दुनिया", "नमस्ते भारत", 0.5, 0.5),
        ("Привет, мир!", "привет мир", 1.0, 1.0),
        ("سلام دنیا", "سلام", 2 / 3, 2 / 3),
        ("ภาษาไทย", "ภาษาไทย", 1.0, 1.0),
        ("e\u0301te\u0301", "\u00e9t\u00e9", 1.0, 1.0),
        ("", "something", 0.0, 0.0),
        ("…", "!", 1.0, 1.0),
    ],
)
def test_hand_computed(answer, reference, f1, rouge):
    assert token_f1(answer, reference) == pytest.approx(f1)
    assert rouge_l(answer, reference) == pytest.approx(rouge)


@pytest.mark.parametrize("score", [exact_match, token_f1, rouge_l])
@given(answer=st.text(max_size=40), reference=st.text(max_size=40))
def test_a_score_of_any_text_is_a_share_the_same_both_ways_round_and_1_of_itself(score, answer, reference):
    assert 0 <= score(answer, reference) <= 1
    assert score(answer, reference) == pytest.approx(score(reference, answer))
    assert score(answer, answer) == 1
