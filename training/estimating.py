"""What a run would cost, how long it would take and whether it fits: the one estimate of page, API and job creation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from datasets.models import Dataset
from training.core.alternatives import Choice
from training.core.estimate import DatasetFigures
from training.core.fitting import Fit, Remedy, fit, remedies
from training.core.forecast import Beliefs, Forecast, PastRun, believe, forecast
from training.core.lengths import LengthProfile
from training.core.likeness import Conditions
from training.core.memory import TOKENS_AT_ONCE, Setup, sequences_at_once
from training.core.options import RunOptions
from training.history import past_runs
from training.models import MAX_GPUS, BaseModel, GpuType

DEFAULT_OPTIONS = RunOptions()


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What is to be run, on whatever hardware."""

    dataset: Dataset
    base_model: BaseModel
    batch_size: int
    epochs: int
    rank: int
    dropout: float = 0.1
    options: RunOptions = DEFAULT_OPTIONS
    use_list: bool = False
    """Leave out what was measured."""

    @cached_property
    def figures(self) -> DatasetFigures:
        return DatasetFigures(pairs=self.dataset.total_training_pairs, tokens=self.dataset.total_tokens)

    @cached_property
    def lengths(self) -> LengthProfile:
        dataset = self.dataset
        return LengthProfile.of(
            conversations=dataset.total_conversations,
            pairs=dataset.total_training_pairs,
            tokens=dataset.total_tokens,
            longest=dataset.longest_tokens,
            histogram=dataset.length_histogram,
            limit=settings.MAX_SEQUENCE_LENGTH,
        )

    @cached_property
    def conditions(self) -> Conditions:
        whole_step = self.lengths.sequences(batch_size=self.batch_size, gpu_count=1)
        together = min(whole_step, self.options.micro_batch_size or whole_step)
        return Conditions(
            model=self.base_model.name,
            parameters=self.base_model.parameters,
            tokens_at_once=min(together * self.lengths.mean, max(TOKENS_AT_ONCE, self.lengths.mean)),
            sequence_length=self.lengths.mean,
            rank=self.rank,
            quantization=self.options.quantization,
            precision=self.options.precision,
            checkpointing=self.options.gradient_checkpointing,
        )

    def setup(self, gpu_count: int) -> Setup:
        """One GPU's share, at the step that holds the longest conversations."""
        lengths = self.lengths
        return Setup(
            sequences=sequences_at_once(
                sequences=lengths.sequences(batch_size=self.batch_size, gpu_count=gpu_count),
                sequence_length=lengths.longest,
                micro_batch_size=self.options.micro_batch_size,
            ),
            sequence_length=lengths.longest,
            rank=self.rank,
            dropout=self.dropout > 0,
            quantization=self.options.quantization,
            precision=self.options.precision,
            checkpointing=self.options.gradient_checkpointing,
        )


class Estimator:
    """Estimates for one run's settings on any of the GPU types given; measured runs are read once, for all of them."""

    def __init__(self, run: RunSettings, gpu_types: Iterable[GpuType]) -> None:
        self.run = run
        self.gpu_types = list(gpu_types)
        self._past: Mapping[str, list[PastRun]] = {} if run.use_list else past_runs(self.gpu_types)
        self._beliefs: dict[str, Beliefs] = {}
        self._fits: dict[tuple[str, int], Fit] = {}

    def beliefs(self, gpu_type: GpuType) -> Beliefs:
        if gpu_type.name not in self._beliefs:
            self._beliefs[gpu_type.name] = believe(self.run.conditions, self._past.get(gpu_type.name, []))
        return self._beliefs[gpu_type.name]

    def forecast(self, gpu_type: GpuType, gpu_count: int) -> Forecast:
        run = self.run
        return forecast(
            run.figures,
            gpu_type.hardware(gpu_count, parameters=run.base_model.parameters),
            batch_size=run.batch_size,
            epochs=run.epochs,
            beliefs=self.beliefs(gpu_type),
        )

    def fit(self, gpu_type: GpuType, gpu_count: int) -> Fit | None:
        """``None`` where the model's dimensions or the card's memory are not known."""
        dimensions, card = self.run.base_model.dimensions, gpu_type.card
        if dimensions is None or card is None:
            return None
        setup = self.run.setup(gpu_count)
        key = (gpu_type.name, setup.sequences)
        if key not in self._fits:
            self._fits[key] = fit(dimensions, setup, card, factor=self.beliefs(gpu_type).memory.factor)
        return self._fits[key]

    def remedies(self, gpu_type: GpuType, gpu_count: int, *, scale: float = 1.0) -> list[Remedy]:
        """What would make the run fit where it does not, if it needs ``scale`` times what is predicted."""
        dimensions, card = self.run.base_model.dimensions, gpu_type.card
        if dimensions is None or card is None:
            return []
        others = [other.card for other in self.gpu_types if other.card and other.name != gpu_type.name]
        factor = self.beliefs(gpu_type).memory.factor * scale
        return remedies(dimensions, self.run.setup(gpu_count), card, others, factor=factor)

    def choices(self) -> list[Choice]:
        """Every GPU type with every count."""
        return [self._choice(gpu_type, count) for gpu_type in self.gpu_types for count in range(1, MAX_GPUS + 1)]

    def _choice(self, gpu_type: GpuType, count: int) -> Choice:
        price = self.forecast(gpu_type, count).estimate
        found = self.fit(gpu_type, count)
        return Choice(
            gpu=gpu_type.name,
            count=count,
            cost=price.total_cost,
            hours=price.duration_hours,
            fits=found.fits if found else None,
        )
