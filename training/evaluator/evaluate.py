"""The evaluation: row by row, first the base, then the adapter, on the same tokens with the same settings."""

import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch

from training.evaluator.protocol import Evaluated, EvaluationSpec, EvaluationStopped, Row, Said
from training.evaluator.record import Record
from training.evaluator.scoring import scored, scores_of
from training.evaluator.totals import evaluated
from training.trainer.answers import Prompt, Settings, answer, ends, last_prompt
from training.trainer.base import load_tokenizer
from training.trainer.corpus import read_split
from training.trainer.data import Example
from training.trainer.devices import choose_precision, device_type
from training.trainer.errors import TrainingError
from training.trainer.flags import Flags
from training.trainer.loss import example_loss
from training.trainer.model import load_adapted
from training.trainer.protocol import Event, JobSpec, Stage


class Evaluator:
    """One evaluation. ``emit`` reports events; ``flags`` are how it is asked to stop, which it does between rows."""

    def __init__(self, spec: EvaluationSpec, emit: Callable[[Event], None], flags: Flags) -> None:
        self.spec = spec
        self.run_spec = JobSpec(**spec.run)
        self.emit = emit
        self.flags = flags
        self.scores = scores_of(spec)
        self.settings = Settings(
            max_new_tokens=spec.max_new_tokens, temperature=spec.temperature, top_p=spec.top_p, seed=spec.seed
        )
        self.record = Record(Path(spec.folder), spec)

    def run(self) -> Evaluated | EvaluationStopped:
        """Every row that is not done yet; returns the last event, not yet said. Raises TrainingError."""
        began = time.monotonic()
        self.emit(Stage(stage="preparing_data"))
        self.tokenizer = load_tokenizer(self.run_spec)
        rows = self._rows()
        self.record.begin()
        left = {line: examples for line, examples in rows.items() if line not in self.record.rows}
        if left:
            self._load()
        for line, examples in left.items():
            if self.flags.stop.exists():
                return EvaluationStopped(rows=len(self.record.rows))
            row = self._evaluate(line, examples, of=len(rows))
            self.record.add(row)
            self.emit(row)
        done = [self.record.rows[line] for line in rows]
        return evaluated(done, self.spec, seconds=time.monotonic() - began)

    def _rows(self) -> dict[int, list[Example]]:
        """What is held out, by line of the data set's file: each row's sequences. Raises TrainingError."""
        _, held_out = read_split(self.run_spec, self.tokenizer)
        rows: defaultdict[int, list[Example]] = defaultdict(list)
        for example in held_out:
            rows[example.line].append(example)
        if not rows:
            raise TrainingError(
                "nothing_held_out",
                "Nothing of the data set was held out in training, so there is nothing to measure the adapter on. "
                "Start a job that holds a share out, or choose a data set to evaluate on.",
            )
        lines = random.Random(self.spec.seed).sample(sorted(rows), min(self.spec.most_rows, len(rows)))
        return {line: rows[line] for line in sorted(lines)}

    def _load(self) -> None:
        """From its end on, a wish to stop waits for the row in progress."""
        self.emit(Stage(stage="loading_model"))
        device = torch.device(device_type(self.run_spec))
        self.precision = choose_precision(self.run_spec.precision, device)
        adapter = Path(self.spec.adapter_dir)
        self.model = load_adapted(self.run_spec, adapter, device=device, precision=self.precision)
        self.stops = ends(self.model, self.tokenizer)
        self.flags.begun.touch()
        self.emit(Stage(stage="evaluating"))

    def _evaluate(self, line: int, examples: list[Example], *, of: int) -> Row:
        prompt = last_prompt(examples[-1]) if self.scores else None
        with self.model.disable_adapter():
            base = self._said(examples, prompt)
        adapter = self._said(examples, prompt)
        return Row(
            line=line,
            number=len(self.record.rows) + 1,
            of=of,
            tokens=sum(example.trained for example in examples),
            reference=self._text(prompt.reference) if prompt else None,
            base=asdict(base),
            adapter=asdict(adapter),
        )

    def _said(self, examples: list[Example], prompt: Prompt | None) -> Said:
        summed = sum(example_loss(self.model, example, self.precision) for example in examples)
        loss = summed / sum(example.trained for example in examples)
        if prompt is None:
            return Said(loss=loss)
        tokens = answer(self.model, prompt.ids, self.settings, stops=self.stops, precision=self.precision)
        text = self._text(tokens)
        scores = scored(self.scores, text, self._text(prompt.reference))
        return Said(loss=loss, answer=text, is_complete=bool(tokens) and tokens[-1] in self.stops, scores=scores)

    def _text(self, tokens: list[int]) -> str:
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=True)
        return text.strip()
