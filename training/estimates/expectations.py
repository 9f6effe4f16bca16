"""What is expected of one run on any hardware: by the list, by its model's architecture, by what like runs measured."""

from collections.abc import Mapping
from functools import cached_property

from training.core.beliefs import (
    Beliefs,
    OverheadBeliefs,
    Weighted,
    anywhere,
    believe,
    believe_overhead,
    by_hardware,
    weigh,
)
from training.core.estimate import Hardware
from training.core.forecast import Expectation, learned, listed, modelled
from training.core.learning import (
    LISTED_OVERHEAD,
    LISTED_THROUGHPUT,
    MODELLED_ELSEWHERE,
    MODELLED_OVERHEAD,
    MODELLED_THROUGHPUT,
    Prior,
)
from training.core.likeness import log_speed
from training.core.overheads import expected_overhead
from training.core.throughput import Speed, speeds
from training.estimates.catalogue import Catalogue
from training.estimates.run_settings import RunSettings
from training.models import MAX_GPUS, GpuType


class Expectations:
    """Each is made once."""

    def __init__(self, run: RunSettings, catalogue: Catalogue) -> None:
        """``catalogue``: whose past runs are learned from."""
        self._run = run
        self._catalogue = catalogue
        self._cards: dict[str, tuple[bool, list[Speed]] | None] = {}
        self._beliefs: dict[tuple[str, Prior], Beliefs] = {}
        self._around: dict[str, OverheadBeliefs] = {}

    def listed(self, gpu_type: GpuType, count: int) -> Expectation:
        """By the list."""
        return listed(self._hardware(gpu_type, count))

    def modelled(self, gpu_type: GpuType, count: int) -> Expectation | None:
        """By the architecture; ``None`` where the model's dimensions or the card's silicon are not known."""
        found = self._speed(gpu_type, count)
        work = self._run.workload
        if found is None or work is None:
            return None
        overhead = expected_overhead(
            work,
            parameters=self._run.base_model.parameters,
            evaluated_tokens=self._run.evaluated_tokens,
            tokens_per_second=found.tokens_per_second,
            epochs=self._run.hyperparameters.epochs,
        )
        hardware = Hardware(
            price_per_hour=float(gpu_type.price_per_hour),
            tokens_per_second=found.tokens_per_second / count,
            count=count,
        )
        return modelled(hardware, overhead=overhead, throughput=self._prior(gpu_type, count))

    def measured(self, gpu_type: GpuType, count: int) -> Expectation | None:
        """By like runs; ``None`` where there are none."""
        beliefs = self.beliefs(gpu_type, count)
        if not beliefs.throughput.runs:
            return None
        expected, unlisted = self.modelled(gpu_type, count), 0.0
        if expected is None:
            expected, unlisted = self.listed(gpu_type, count), log_speed(self._run.conditions, count)
        return learned(expected, beliefs, self._overhead(gpu_type), unlisted=unlisted)

    def beliefs(self, gpu_type: GpuType, count: int = 1) -> Beliefs:
        """What measured runs say of this one on that GPU type."""
        name, prior = gpu_type.name, self._prior(gpu_type, count)
        if (found := self._beliefs.get((name, prior))) is None:
            found = self._beliefs[name, prior] = believe(self._alike(gpu_type), hardware=name, prior=prior)
        return found

    def _hardware(self, gpu_type: GpuType, count: int) -> Hardware:
        return gpu_type.hardware(count, parameters=self._run.base_model.parameters)

    def _speed(self, gpu_type: GpuType, count: int) -> Speed | None:
        found = self._card(gpu_type)
        return found[1][count - 1] if found else None

    def _prior(self, gpu_type: GpuType, count: int) -> Prior:
        if (found := self._card(gpu_type)) is None:
            return LISTED_THROUGHPUT
        is_fitted, on = found
        return MODELLED_THROUGHPUT if is_fitted and not on[count - 1].is_launching else MODELLED_ELSEWHERE

    def _card(self, gpu_type: GpuType) -> tuple[bool, list[Speed]] | None:
        """Whether the figures were fitted to such cards, and the speed on 1, 2, … of them."""
        if gpu_type.name not in self._cards:
            work, chip = self._run.workload, gpu_type.chip
            found = None
            if work is not None and chip is not None:
                found = chip.is_fitted, speeds(work, chip, MAX_GPUS)
            self._cards[gpu_type.name] = found
        return self._cards[gpu_type.name]

    def _overhead(self, gpu_type: GpuType) -> OverheadBeliefs:
        """Of hosts and disks, the same for every card that the architecture says something of."""
        is_modelled = self._speed(gpu_type, 1) is not None
        key = "" if is_modelled else gpu_type.name
        if key not in self._around:
            alike = self._anywhere if is_modelled else self._alike(gpu_type)
            self._around[key] = believe_overhead(alike, MODELLED_OVERHEAD if is_modelled else LISTED_OVERHEAD)
        return self._around[key]

    def _alike(self, gpu_type: GpuType) -> Weighted:
        if self._speed(gpu_type, 1) is not None:
            return anywhere(self._weighted, gpu_type.name, self._by_hardware.get(gpu_type.name, ()))
        return weigh(self._run.conditions, self._catalogue.past_runs_on(gpu_type))

    @cached_property
    def _anywhere(self) -> Weighted:
        return anywhere(self._weighted, "", ())

    @cached_property
    def _by_hardware(self) -> Mapping[str, Weighted]:
        return by_hardware(self._weighted)

    @cached_property
    def _weighted(self) -> Weighted:
        return weigh(self._run.conditions, self._catalogue.past_runs)
