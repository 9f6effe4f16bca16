"""What is to be run, on whatever hardware: the settings that an estimate is made for."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from datasets.models import Dataset
from training.core.estimate import DatasetFigures
from training.core.hyperparameters import Hyperparameters
from training.core.length_profile import LengthProfile
from training.core.likeness import Conditions
from training.core.memory import Setup, sequences_at_once
from training.core.options import DEFAULT_OPTIONS, RunOptions
from training.models import BaseModel, RunPlan, TrainingJob


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """A data set, a base model and how it is trained. The only builder of what the core asks of a run."""

    dataset: Dataset
    base_model: BaseModel
    hyperparameters: Hyperparameters
    options: RunOptions = DEFAULT_OPTIONS
    use_list: bool = False
    """Leave out what was measured."""

    @classmethod
    def of_job(cls, job: TrainingJob, plan: RunPlan) -> "RunSettings":
        """As a job was started."""
        return cls(dataset=job.dataset, base_model=job.base_model, hyperparameters=job.settings, options=plan.options)

    @cached_property
    def figures(self) -> DatasetFigures:
        """Pairs and tokens, as far as they are known."""
        return DatasetFigures(pairs=self.dataset.total_training_pairs, tokens=self.dataset.total_tokens)

    @cached_property
    def lengths(self) -> LengthProfile:
        """Tokens of the conversations, as they are trained on."""
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
