"""``python program.py exporter.process JOB.json``: the process that exports, under its guard."""

import sys
from pathlib import Path

import transformers

from training.exporter.export import export
from training.exporter.protocol import ExportSpec, ExportStopped
from training.trainer import lineage
from training.trainer.guarded import do
from training.trainer.output import emit


def main(job_file: str) -> int:
    """Export; returns the exit status. Asked to stop, it is killed: nothing half-made is taken for whole."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    spec = ExportSpec.from_json(Path(job_file).read_text())
    return do(Path(spec.folder), lambda _: export(spec, emit), stopped=ExportStopped)


if __name__ == "__main__":
    lineage.die_with_parent()
    sys.exit(main(sys.argv[1]))
