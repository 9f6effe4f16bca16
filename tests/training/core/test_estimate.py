"""The estimate equals an independent restatement of the specification's formula, to the cent."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.core.estimate import DatasetFigures, Hardware, cents, estimate

# The specification's tables, written out again on purpose.
PRICES = {"A100-80GB": 3.50, "A100-40GB": 2.80, "H100": 4.20, "V100-32GB": 2.10}
THROUGHPUTS = {"A100-80GB": 1800, "A100-40GB": 1500, "H100": 2200, "V100-32GB": 1200}


def to_fixed_2(x: float) -> float:
    """``parseFloat(x.toFixed(2))``: the integer n for which n / 100 - x is nearest 0; of two, the larger."""
    scaled = Fraction(x) * 100
    below = scaled.numerator // scaled.denominator
    n = below if scaled - below < below + 1 - scaled else below + 1
    return float(f"{n // 100}.{n % 100:02d}")


def specification(gpu, count, pairs, tokens, batch_size, epochs):
    price_per_gpu = PRICES[gpu]
    throughput_per_gpu = THROUGHPUTS[gpu]
    hourly_rate = price_per_gpu * count
    total_throughput = throughput_per_gpu * count
    training_pairs = pairs or 1000
    total_tokens = tokens or training_pairs * 200
    steps_per_epoch = -(-training_pairs // batch_size)
    total_steps = steps_per_epoch * epochs
    avg_tokens_per_step = (total_tokens / training_pairs) * batch_size
    seconds_per_step = avg_tokens_per_step / total_throughput
    total_training_seconds = total_steps * seconds_per_step
    overhead_seconds = (10 * 60) + (epochs * 5 * 60) + (5 * 60)
    total_seconds = total_training_seconds + overhead_seconds
    estimated_hours = total_seconds / 3600
    compute = hourly_rate * estimated_hours
    total = compute + 0.50
    return {
        "estimated_cost": to_fixed_2(total),
        "compute": to_fixed_2(compute),
        "hours": to_fixed_2(estimated_hours),
        "hourly_rate": to_fixed_2(hourly_rate),
        "total_steps": total_steps,
        "steps_per_epoch": steps_per_epoch,
        "throughput": total_throughput,
    }


def product(gpu, count, pairs, tokens, batch_size, epochs):
    found = estimate(
        DatasetFigures(pairs=pairs, tokens=tokens),
        Hardware(price_per_hour=PRICES[gpu], tokens_per_second=THROUGHPUTS[gpu], count=count),
        batch_size=batch_size,
        epochs=epochs,
    )
    return {
        "estimated_cost": float(cents(found.total_cost)),
        "compute": float(cents(found.compute_cost)),
        "hours": float(cents(found.duration_hours)),
        "hourly_rate": float(cents(found.hourly_rate)),
        "total_steps": found.total_steps,
        "steps_per_epoch": found.steps_per_epoch,
        "throughput": found.tokens_per_second,
    }


@settings(max_examples=1000, deadline=None)
@given(
    gpu=st.sampled_from(sorted(PRICES)),
    count=st.integers(1, 8),
    pairs=st.one_of(st.none(), st.integers(0, 5_000_000)),
    tokens=st.one_of(st.none(), st.integers(0, 10_000_000_000)),
    batch_size=st.integers(1, 64),
    epochs=st.integers(1, 20),
)
def test_every_figure_equals_the_specifications(gpu, count, pairs, tokens, batch_size, epochs):
    asked = (gpu, count, pairs, tokens, batch_size, epochs)
    assert product(*asked) == specification(*asked)


def test_a_known_case_by_hand():
    # 1000 pairs, 200,000 tokens, Balanced on 2 x A100-80GB: 750 steps of 800 tokens at 3,600 tokens/s are 166.67 s;
    # with 1,800 s of overhead 0.5463 h at $7.00.
    found = product("A100-80GB", 2, 1000, 200_000, 4, 3)
    assert found == {
        "estimated_cost": 4.32,
        "compute": 3.82,
        "hours": 0.55,
        "hourly_rate": 7.0,
        "total_steps": 750,
        "steps_per_epoch": 250,
        "throughput": 3600,
    }


@pytest.mark.parametrize("unknown", [None, 0])
def test_unknown_figures_mean_1000_pairs_of_200_tokens(unknown):
    assert product("H100", 1, unknown, unknown, 4, 3) == product("H100", 1, 1000, 200_000, 4, 3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.125, "0.13"),  # an exact tie goes up, where Python's round() goes to even
        (0.375, "0.38"),
        (1.005, "1.00"),  # the double is below the tie
        (2.675, "2.67"),
        (8.345, "8.35"),  # the double is above the tie
        (10.235, "10.23"),
        (0.0, "0.00"),
    ],
)
def test_rounding_is_javascripts_to_fixed(value, text):
    assert cents(value) == Decimal(text)


def test_nothing_overflows_at_the_extremes():
    found = product("V100-32GB", 1, 2**31 - 1, 2**63 - 1, 64, 20)
    assert found["estimated_cost"] > 0
