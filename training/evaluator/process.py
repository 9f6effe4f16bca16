"""``python program.py evaluator.process JOB.json``: the process that evaluates, under its guard."""

import sys
from pathlib import Path

from training.evaluator.evaluate import Evaluator
from training.evaluator.protocol import EvaluationSpec, EvaluationStopped
from training.trainer import lineage
from training.trainer.guarded import do
from training.trainer.output import emit
from training.trainer.quiet import quieten


def main(job_file: str) -> int:
    """Evaluate; returns the exit status."""
    quieten()
    spec = EvaluationSpec.from_json(Path(job_file).read_text())
    return do(Path(spec.folder), lambda flags: Evaluator(spec, emit, flags).run(), stopped=EvaluationStopped)


if __name__ == "__main__":
    lineage.die_with_parent()
    sys.exit(main(sys.argv[1]))
