"""What there is to train on, what is held out, and which of it each step takes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from .data import Example, read_examples
from .protocol import Data, Event, JobSpec
from .step_plan import plan_steps, split


@dataclass(frozen=True)
class Corpus:
    """The data set's conversations, split, and the steps that train on them."""

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
    train, held_out = _split(spec, examples)
    if spec.evaluation_path:
        held_out = read_examples(Path(spec.evaluation_path), tokenizer, longest=spec.max_sequence_length)
    emit(_described(examples, train, held_out))
    plan = plan_steps(
        lengths=[example.length for example in train],
        pairs=[example.pairs for example in train],
        batch_size=int(spec.hyperparameters["batch_size"]),
        total_steps=spec.total_steps,
        seed=spec.seed,
    )
    return Corpus(train=train, held_out=held_out, plan=plan)


def _split(spec: JobSpec, examples: list[Example]) -> tuple[list[Example], list[Example]]:
    share = 0.0 if spec.evaluation_path else spec.evaluation_share
    pairs = [example.pairs for example in examples]
    kept, chosen = split(pairs=pairs, share=share, most=spec.most_held_out, seed=spec.split_seed)
    return [examples[index] for index in kept], [examples[index] for index in chosen]


def _described(examples: list[Example], train: list[Example], held_out: list[Example]) -> Data:
    return Data(
        conversations=len(examples),
        train_pairs=sum(example.pairs for example in train),
        evaluation_pairs=sum(example.pairs for example in held_out),
        total_tokens=token_count(examples),
        trained_tokens=sum(example.trained for example in examples),
        truncated=sum(example.truncated for example in examples),
    )


def token_count(examples: list[Example]) -> int:
    """Tokens without padding."""
    return sum(example.length for example in examples)
