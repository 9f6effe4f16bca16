"""``python program.py evaluator JOB.json``: evaluate what the job file says, watched over by a guard."""

import sys
from pathlib import Path

from training.evaluator.protocol import EvaluationSpec, EvaluationStopped
from training.evaluator.record import Record
from training.trainer.guarded import watch


def main(job_file: str) -> int:
    """Evaluate under guard; returns the exit status."""

    def stopped(spec: EvaluationSpec) -> EvaluationStopped:
        return EvaluationStopped(rows=len(Record(Path(spec.folder), spec).rows))

    return watch("evaluator.process", job_file, EvaluationSpec.from_json, stopped=stopped)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
