"""What there is to train on, what is held out, and which of it each step takes."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .data import Example, part
from .errors import TrainingError
from .protocol import Data, Event, JobSpec
from .reading import Contents, read_contents
from .step_plan import StepPlan, split
from .windows import halves


@dataclass(frozen=True)
class Corpus:
    """The data set's examples, split, and the steps that train on them."""

    train: list[Example]
    held_out: list[Example]
    plan: StepPlan
    """Its steps name examples by their place in ``train``."""
    counts: Data
    metadata: dict[str, Any]
    """Of the data set's cache."""

    def step(self, number: int) -> list[Example]:
        """The examples of a step, counted from 1; none where there are fewer than steps and this one goes without."""
        return [self.train[index] for index in self.plan.step(number)]

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence, held-out ones included."""
        return max(example.length for examples in (self.train, self.held_out) for example in examples)


def load_corpus(spec: JobSpec, tokenizer: Any, emit: Callable[[Event], None]) -> Corpus:
    """Read the data set, and say what it holds. Raises TrainingError, also where it is not what was expected."""
    contents = _read(spec, spec.dataset_path, tokenizer)
    train, held_out = _split(spec, contents.examples)
    if spec.evaluation_path:
        held_out = _read(spec, spec.evaluation_path, tokenizer).examples
    counts = _counted(spec, contents, train, held_out)
    emit(counts)
    _require_expected(spec, contents.examples, counts)
    train = enough(train, spec.steps_per_epoch)
    plan = StepPlan(
        lengths=[example.length for example in train],
        pairs=[example.pairs for example in train],
        batch_size=int(spec.hyperparameters["batch_size"]),
        steps_per_epoch=spec.steps_per_epoch,
        seed=spec.seed,
    )
    return Corpus(train=train, held_out=held_out, plan=plan, counts=counts, metadata=contents.metadata)


def read_split(spec: JobSpec, tokenizer: Any) -> tuple[list[Example], list[Example]]:
    """What a run of this job trains on and what it holds out, each in the file's order. Raises TrainingError."""
    train, held_out = _split(spec, _read(spec, spec.dataset_path, tokenizer).examples)
    if spec.evaluation_path:
        held_out = _read(spec, spec.evaluation_path, tokenizer).examples
    return train, held_out


def _read(spec: JobSpec, path: str, tokenizer: Any) -> Contents:
    return read_contents(Path(path), tokenizer, limit=spec.max_sequence_length, choice=spec.too_long)


def _split(spec: JobSpec, examples: list[Example]) -> tuple[list[Example], list[Example]]:
    """Conversations are trained on or held out as a whole, whatever number of examples they are."""
    pairs: dict[int, int] = {}
    for example in examples:
        pairs[example.line] = pairs.get(example.line, 0) + example.pairs
    share = 0.0 if spec.evaluation_path else spec.evaluation_share
    _, chosen = split(pairs=list(pairs.values()), share=share, most=spec.most_held_out, seed=spec.split_seed)
    lines = list(pairs)
    held_out = {lines[index] for index in chosen}
    return (
        [example for example in examples if example.line not in held_out],
        [example for example in examples if example.line in held_out],
    )


def _counted(spec: JobSpec, contents: Contents, train: list[Example], held_out: list[Example]) -> Data:
    conversations = len({example.line for example in contents.examples})
    return Data(
        conversations=conversations,
        dropped=(spec.expected or {}).get("dropped", contents.conversations - conversations),
        train_pairs=sum(example.pairs for example in train),
        evaluation_pairs=sum(example.pairs for example in held_out),
        total_tokens=token_count(contents.examples),
        trained_tokens=sum(example.trained for example in contents.examples),
        truncated=contents.truncated,
    )


def _require_expected(spec: JobSpec, examples: list[Example], counts: Data) -> None:
    """Raises TrainingError where there is other than what the run was priced and agreed to for."""
    if spec.expected is None:
        return
    there = {"conversations": counts.conversations, "pairs": sum(example.pairs for example in examples)}
    if any(spec.expected[name] != count for name, count in there.items()):
        raise TrainingError(
            "data_changed",
            f"This job was started for {_said(spec.expected)}, but {_said(there)} are there to train on. Nothing was "
            "trained. Start the job again as a new one: the data set is counted anew for it.",
            {name: float(count) for name, count in there.items()},
        )


def _said(counts: dict[str, int]) -> str:
    return f"{counts['conversations']:,} conversations with {counts['pairs']:,} pairs"


def enough(examples: Sequence[Example], wanted: int) -> list[Example]:
    """So many examples, where there are fewer: those with the most answers are halved, until each has one answer."""
    if len(examples) >= wanted:
        return list(examples)
    heap = [(-example.pairs, place, 0, example) for place, example in enumerate(examples)]
    heapq.heapify(heap)
    while len(heap) < wanted and heap[0][0] < -1:
        _, place, nth, example = heapq.heappop(heap)
        first, second = (part(example, half) for half in halves(example.whole()))
        heapq.heappush(heap, (-first.pairs, place, nth, first))
        heapq.heappush(heap, (-second.pairs, place, nth + first.pairs, second))
    return [example for _, _, _, example in sorted(heap, key=lambda entry: entry[1:3])]


def token_count(examples: list[Example]) -> int:
    """Tokens without padding."""
    return sum(example.length for example in examples)
