"""``python program.py exporter JOB.json``: make the export of the job file and verify it, watched over by a guard."""

import sys

from training.exporter.protocol import ExportSpec, ExportStopped
from training.trainer.guarded import watch

if __name__ == "__main__":
    sys.exit(watch("exporter.process", sys.argv[1], ExportSpec.from_json, stopped=lambda _: ExportStopped()))
