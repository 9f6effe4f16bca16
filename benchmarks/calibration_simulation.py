"""How well the estimates learn: synthetic runs of hidden true speeds, with noise and outliers, predicted one by one.

Each run is predicted from the list and from the runs before it, then measured. Prints the median error of the list's
and of the learned throughput, and how often the measured one lay within the stated 10th to 90th percentile.
"""

import math
import random
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training.core.beliefs import PastRun, believe, weigh
from training.core.learning import LISTED_THROUGHPUT, low_high
from training.core.likeness import Conditions, log_speed

RUNS = 200
LATEST = 50
"""So many runs of a GPU type are looked at, as by the product."""
SEEDS = 20
GPUS = {"A100-80GB": 1800, "A100-40GB": 1500, "H100": 2200, "V100-32GB": 1200}
MODELS = {"135M": 135_000_000, "1.7B": 1_700_000_000, "8B": 8_000_000_000}
LIST_DOUBT = 0.45
"""How far the hidden true speed of a GPU and model is off the list, as a log deviation; its mean is 25 % less."""
NOISE = 0.10
OUTLIERS = 0.06
"""Share of runs at a third to two thirds of their speed: a slow disk, a neighbour, a throttled card."""


@dataclass(frozen=True)
class Run:
    gpu: str
    gpu_count: int
    conditions: Conditions
    list_throughput: float
    throughput: float

    @property
    def past(self) -> PastRun:
        explained = math.exp(log_speed(self.conditions, self.gpu_count))
        return PastRun(
            hardware=self.gpu,
            conditions=self.conditions,
            throughput=self.throughput / (self.list_throughput * explained),
            start=None,
            validation=None,
            save=None,
            memory=None,
        )


def simulate(generator: random.Random) -> list[Run]:
    hidden = {(gpu, model): generator.gauss(math.log(0.75), LIST_DOUBT) for gpu in GPUS for model in MODELS}
    runs = []
    for _ in range(RUNS):
        gpu, model = generator.choice(list(GPUS)), generator.choice(list(MODELS))
        conditions = Conditions(
            model=model,
            parameters=MODELS[model],
            tokens_at_once=generator.choice([2048, 4096, 8192, 16384]),
            sequence_length=generator.choice([300, 400, 600]),
            rank=generator.choice([8, 16, 32]),
        )
        gpu_count = generator.choice([1, 1, 2, 4, 8])
        expected = GPUS[gpu] * gpu_count
        log_ratio = hidden[gpu, model] + log_speed(conditions, gpu_count) + generator.gauss(0, NOISE)
        log_ratio += 0.06 * math.log2(conditions.tokens_at_once / 8192)  # larger passes use the card better
        if generator.random() < OUTLIERS:
            log_ratio += math.log(generator.uniform(1 / 3, 2 / 3))
        runs.append(Run(gpu, gpu_count, conditions, expected, expected * math.exp(log_ratio)))
    return runs


def main() -> None:
    list_errors, learned_errors, late_errors, covered = [], [], [], []
    widths: dict[int, list[float]] = {0: [], 3: [], 10: []}
    for seed in range(SEEDS):
        runs = simulate(random.Random(seed))
        for index, run in enumerate(runs):
            latest = [other.past for other in runs[:index] if other.gpu == run.gpu][-LATEST:]
            belief = believe(weigh(run.conditions, latest), hardware=run.gpu, prior=LISTED_THROUGHPUT).throughput
            explained = log_speed(run.conditions, run.gpu_count)
            predicted = run.list_throughput * math.exp(belief.center + belief.trust * explained)
            low, high = low_high(predicted, belief.spread)
            list_errors.append(abs(run.list_throughput / run.throughput - 1))
            learned_errors.append(abs(predicted / run.throughput - 1))
            if index >= RUNS // 2:
                late_errors.append(learned_errors[-1])
            covered.append(low <= run.throughput <= high)
            if belief.runs in widths:
                widths[belief.runs].append(high / low)
    print(f"{SEEDS} x {RUNS} synthetic runs on {len(GPUS)} GPU types, {OUTLIERS:.0%} of them outliers")
    print(f"median error, list figures      {statistics.median(list_errors):6.1%}")
    print(f"median error, learned           {statistics.median(learned_errors):6.1%}")
    print(f"median error, learned, last 100 {statistics.median(late_errors):6.1%}")
    print(f"within the 80 % range           {statistics.mean(covered):6.1%}   (aim: 75 to 85 %)")
    for runs_seen, ratios in widths.items():
        print(f"high / low from {runs_seen:2} like runs     {statistics.median(ratios):6.2f}")


if __name__ == "__main__":
    main()
