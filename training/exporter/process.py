"""``python program.py exporter.process JOB.json``: the process that exports, under its guard."""

import sys
from pathlib import Path

from training.exporter.export import export
from training.exporter.protocol import ExportSpec, ExportStopped
from training.trainer import lineage
from training.trainer.guarded import do
from training.trainer.output import emit
from training.trainer.quiet import quieten


def main(job_file: str) -> int:
    """Export; returns the exit status. Asked to stop, it is killed: nothing half-made is taken for whole."""
    quieten()
    spec = ExportSpec.from_json(Path(job_file).read_text())
    return do(Path(spec.folder), lambda _: export(spec, emit), stopped=ExportStopped)


if __name__ == "__main__":
    lineage.die_with_parent()
    sys.exit(main(sys.argv[1]))
