"""What there is to train on, what is held out, and which of it each step takes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from .data import Example, read_examples
from .plan import plan_steps, split
from .protocol import Data, Event, JobSpec


@dataclass(frozen=True)
class Corpus:
    train: list[Example]
    held_out: list[Example]
    plan: list[list[int]]
    """For each step the indices of its examples in ``train``."""

    def step(self, number: int) -> list[Example]:
        """The examples of a step, counted from 1."""
        return [self.train[index] for index in self.plan[number - 1]]


def load_corpus(spec: JobSpec, tokenizer: PreTrainedTokenizerBase, emit: Callable[[Event], None]) -> Corpus:
    """Read the data set, and say what it holds. Raises TrainingError."""
    examples = read_examples(Path(spec.dataset_path), tokenizer, longest=spec.max_sequence_length)
    pairs = [example.pairs for example in examples]
    share = 0.0 if spec.evaluation_path else spec.evaluation_share
    kept, indices = split(pairs=pairs, share=share, seed=spec.split_seed)
    held_out = [examples[index] for index in indices]
    if spec.evaluation_path:
        held_out = read_examples(Path(spec.evaluation_path), tokenizer, longest=spec.max_sequence_length)
    emit(
        Data(
            conversations=len(examples),
            train_pairs=sum(pairs[index] for index in kept),
            evaluation_pairs=sum(example.pairs for example in held_out),
            total_tokens=token_count(examples),
            trained_tokens=sum(example.trained for example in examples),
            truncated=sum(example.truncated for example in examples),
        )
    )
    train = [examples[index] for index in kept]
    plan = plan_steps(
        lengths=[example.length for example in train],
        pairs=[example.pairs for example in train],
        batch_size=spec.batch_size,
        total_steps=spec.total_steps,
        seed=spec.seed,
    )
    return Corpus(train=train, held_out=held_out, plan=plan)


def token_count(examples: list[Example]) -> int:
    """Tokens without padding."""
    return sum(example.length for example in examples)
