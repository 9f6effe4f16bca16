"""Choices of hardware: Hypothesis strategies, and a plain one."""

from hypothesis import strategies as st

from training.core.alternatives import Choice

figure = st.just(0.0) | st.floats(1e-6, 1e9)

choices = st.lists(
    st.builds(
        Choice,
        gpu=st.sampled_from(["A", "B", "C"]),
        count=st.integers(1, 8),
        cost=figure,
        hours=figure,
        fits=st.sampled_from([True, False, None]),
    ),
    max_size=40,
    unique_by=lambda one: (one.gpu, one.count),
)
"""Of hardware, in no order."""


def choice(gpu="A", count=1, cost=1.0, hours=1.0, fits=True):
    return Choice(gpu=gpu, count=count, cost=cost, hours=hours, fits=fits)
