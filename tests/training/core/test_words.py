"""Figures as people say them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.words import amount, dollars, duration

UNITS = {"s": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (12, "12 s"), (59.4, "59 s"), (59.6, "1 min"), (90, "1.5 min"), (1860, "31 min"), (3585, "1 h"),
        (7800, "2 h 10 min"), (45_000, "12 h 30 min"), (86_390, "1 day"), (129_600, "1.5 days"), (1e6, "12 days"),
    ],
)  # fmt: skip
def test_a_duration_is_in_the_unit_that_is_read_easily(seconds, text):
    assert duration(seconds / 3600) == text


@given(st.floats(0, 1e9, allow_nan=False))
def test_a_duration_in_words_is_the_duration_to_a_twentieth(hours):
    parts = re.findall(r"([\d,.]+) (\w+)", duration(hours))
    said = sum(float(number.replace(",", "")) * UNITS[unit] for number, unit in parts)
    assert said == pytest.approx(hours * 3600, rel=0.051, abs=0.5)


def test_money_is_to_the_cent():
    assert [dollars(value) for value in (0, 4.2, 1234.567)] == ["$0.00", "$4.20", "$1,234.57"]


@pytest.mark.parametrize(("value", "text"), [(0.35, "0.35"), (1.5, "1.5"), (40, "40"), (12000, "12,000")])
def test_amounts_are_short(value, text):
    assert amount(value) == text
