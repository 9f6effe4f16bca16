"""Problems that say the same are listed as one."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from datasets.web.charts import MOST_MARKS, marks
from datasets.web.reports import LINES_NAMED, Group, grouped

lines = st.none() | st.integers(1, 60)
problems = st.lists(
    st.fixed_dictionaries({"line": lines, "reason": st.sampled_from("abcd"), "field": st.sampled_from(["", "text"])}),
    max_size=60,
)


@given(problems)
def test_every_problem_is_in_the_one_group_that_gives_its_reason_and_none_is_lost(found):
    groups = grouped(found)
    assert len({group.reason for group in groups}) == len(groups)
    assert all(place["reason"] == group.reason for group in groups for place in group.places)
    assert [place for group in groups for place in group.places] == [
        problem for group in groups for problem in found if problem["reason"] == group.reason
    ]
    assert sum(len(group.places) for group in groups) == len(found)
    assert [len(group.places) for group in groups] == sorted(Counter(p["reason"] for p in found).values(), reverse=True)


@given(st.lists(lines))
def test_a_group_names_each_of_its_lines_once_and_counts_what_it_does_not_name(where):
    group = Group("a", [{"line": line, "reason": "a"} for line in where])
    assert set(group.lines) == {line for line in where if line}
    assert len(group.lines) == len(set(group.lines))
    named, _, rest = group.named_lines.partition(" and ")
    assert [int(line) for line in named.split(", ") if line] == group.lines[:LINES_NAMED]
    assert int(rest.split()[0] if rest else 0) == max(0, len(group.lines) - LINES_NAMED)


@given(st.integers(1, 10**12))
def test_an_axis_of_counts_has_few_marks_evenly_apart_from_zero_to_the_highest(highest):
    found = marks(highest)
    assert found[0] == 0
    assert 1 <= len(found) - 1 <= MOST_MARKS
    assert highest - found[-1] < found[1] <= highest
    assert {second - first for first, second in pairwise(found)} == {found[1]}
