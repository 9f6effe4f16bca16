"""What is to be run, on whatever hardware: the settings that an estimate is made for."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from datasets.held_out import held_out_pairs
from datasets.models import Dataset
from training.core.architecture import Architecture
from training.core.estimate import DEFAULT_PAIRS, DEFAULT_TOKENS_PER_PAIR, DatasetFigures
from training.core.forecast import LIST
from training.core.hyperparameters import Hyperparameters
from training.core.length_profile import LengthProfile
from training.core.likeness import Conditions
from training.core.memory import Setup, sequences_at_once
from training.core.options import DEFAULT_OPTIONS, RunOptions
from training.core.throughput import Workload
from training.models import BaseModel, DataFit, RunPlan, TrainingJob
from training.trainer.windows import SPLIT


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """A data set, a base model and how it is trained. The only builder of what the core asks of a run."""

    dataset: Dataset
    base_model: BaseModel
    hyperparameters: Hyperparameters
    options: RunOptions = DEFAULT_OPTIONS
    too_long: str = SPLIT
    """What becomes of conversations longer than the longest sequence: a key of TOO_LONG."""
    basis: str = LIST
    """What its estimate is to rest on: one of BASES, or BEST."""

    @classmethod
    def of_job(cls, job: TrainingJob, plan: RunPlan) -> "RunSettings":
        """As a job was started."""
        return cls(
            dataset=job.dataset,
            base_model=job.base_model,
            hyperparameters=job.settings,
            options=plan.options,
            too_long=plan.too_long,
        )

    @cached_property
    def data_fit(self) -> DataFit | None:
        """What it would train on, or how far the check of that is; ``None`` where nobody has asked for one."""
        length = self.hyperparameters.max_sequence_length
        return DataFit.telling(self.dataset.version_id, self.base_model.place, length, self.too_long)

    @cached_property
    def _checked(self) -> DataFit | None:
        return self.data_fit if self.data_fit and self.data_fit.is_ready and self.data_fit.pairs else None

    @cached_property
    def figures(self) -> DatasetFigures:
        """Pairs and tokens with the base model; until that is checked, as the data set's validation counted them."""
        if fit := self._checked:
            return DatasetFigures(pairs=fit.pairs, tokens=fit.tokens)
        return DatasetFigures(pairs=self.dataset.total_training_pairs, tokens=self.dataset.total_tokens)

    @cached_property
    def lengths(self) -> LengthProfile:
        """Tokens of the sequences, as they are trained on."""
        dataset = self.dataset
        if fit := self._checked:
            return LengthProfile.of(
                conversations=fit.sequences,
                pairs=fit.pairs,
                tokens=fit.tokens,
                longest=fit.longest,
                histogram=fit.histogram,
                limit=fit.limit,
            )
        return LengthProfile.of(
            conversations=dataset.total_conversations,
            pairs=dataset.total_training_pairs,
            tokens=dataset.total_tokens,
            longest=dataset.longest_tokens,
            histogram=dataset.length_histogram,
            limit=self.hyperparameters.max_sequence_length,
        )

    @cached_property
    def evaluated_tokens(self) -> float:
        """Held out, and put through after each epoch."""
        figures, other = self.figures, self.dataset.evaluation_in_use
        if other is not None:
            return other.total_tokens or 0
        pairs = figures.pairs or DEFAULT_PAIRS
        held_out = held_out_pairs(pairs, self.dataset.share_held_out)
        return held_out * (figures.tokens / pairs if figures.tokens else DEFAULT_TOKENS_PER_PAIR)

    @cached_property
    def dimensions(self) -> Architecture | None:
        """The base model's, where they are known."""
        return self.base_model.dimensions

    @cached_property
    def workload(self) -> Workload | None:
        """What its speed depends on in detail; ``None`` where the model's dimensions are not known."""
        if self.dimensions is None:
            return None
        return Workload(
            model=self.dimensions,
            sequences=self.lengths.sequences(batch_size=self.hyperparameters.batch_size, gpu_count=1),
            sequence_length=self.lengths.mean,
            rank=self.hyperparameters.rank,
            micro_batch_size=self.options.micro_batch_size,
            dropout=self.hyperparameters.dropout > 0,
            quantization=self.options.quantization,
            precision=self.options.precision,
            checkpointing=self.options.gradient_checkpointing,
        )

    @cached_property
    def conditions(self) -> Conditions:
        """What its speed depends on, whatever the number of GPUs."""
        return Conditions.of(
            model=self.base_model.name,
            parameters=self.base_model.parameters,
            sequences=self.lengths.sequences(batch_size=self.hyperparameters.batch_size, gpu_count=1),
            micro_batch_size=self.options.micro_batch_size,
            sequence_length=self.lengths.mean,
            rank=self.hyperparameters.rank,
            quantization=self.options.quantization,
            precision=self.options.precision,
            checkpointing=self.options.gradient_checkpointing,
        )

    @property
    def deciding(self) -> Hashable:
        """All that an estimate follows from, whosever data set it is: what is equal in this is estimated equally."""
        chosen = self.hyperparameters
        of_data = (self.figures, self.lengths, self.evaluated_tokens)
        of_run = (chosen.batch_size, chosen.epochs, chosen.rank, chosen.dropout > 0, self.options, self.basis)
        return self.conditions, self.dimensions, of_data, of_run

    def setup(self, gpu_count: int) -> Setup:
        """One GPU's share, at the step that holds the longest conversations."""
        lengths = self.lengths
        return Setup(
            sequences=sequences_at_once(
                sequences=lengths.sequences(batch_size=self.hyperparameters.batch_size, gpu_count=gpu_count),
                sequence_length=lengths.longest,
                micro_batch_size=self.options.micro_batch_size,
            ),
            sequence_length=lengths.longest,
            rank=self.hyperparameters.rank,
            dropout=self.hyperparameters.dropout > 0,
            quantization=self.options.quantization,
            precision=self.options.precision,
            checkpointing=self.options.gradient_checkpointing,
        )
