"""Real trainings on this machine's CPU, each predicted from the others: how good is the learned estimate?

Runs the trainer itself on the bundled model and the demo data at different batch sizes and ranks, then leaves one run
out at a time. Prints what was predicted and measured of throughput, duration and memory, and the median errors.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from datasets.held_out import MOST_HELD_OUT  # noqa: E402 - after the path is set
from tests.tokenized import tokenized  # noqa: E402
from training.core.architecture import Architecture  # noqa: E402 - after the path is set
from training.core.beliefs import PastRun, believe, believe_overhead, weigh  # noqa: E402
from training.core.estimate import LIST_OVERHEAD, DatasetFigures, Hardware  # noqa: E402
from training.core.forecast import cpu_throughput, forecast, learned, listed  # noqa: E402
from training.core.learning import LISTED_OVERHEAD, LISTED_THROUGHPUT  # noqa: E402
from training.core.likeness import Conditions  # noqa: E402
from training.core.memory import GIB, TOKENS_AT_ONCE, Setup, resident_on_cpu  # noqa: E402
from training.trainer.protocol import JobSpec, Measured, decode  # noqa: E402
from training.workers.host import cpu_name  # noqa: E402

MODEL = Path(os.environ.get("PIPELINE_MODELS_DIR", ROOT / "var" / "models")) / "SmolLM2-135M-Instruct"
DATA = ROOT / "datasets" / "demo" / "house-style.jsonl"
PARAMETERS = 134_515_008
DIMENSIONS = Architecture(
    hidden_size=576, layers=30, heads=9, kv_heads=3, head_size=64, intermediate_size=1536, vocabulary=49152,
    tied_embeddings=True,
)  # fmt: skip
CONFIGURATIONS = [(1, 8), (2, 8), (2, 32), (4, 8), (4, 16), (4, 32), (8, 8), (8, 16), (8, 64)]
"""(batch size, rank)."""
STEPS = int(os.environ.get("STEPS", "12"))


@dataclass(frozen=True)
class Run:
    batch_size: int
    rank: int
    tokens: int
    """Of all steps."""
    measured: Measured

    @property
    def seconds(self) -> float:
        taken = self.measured
        overhead = taken.startup_seconds + taken.evaluation_seconds + taken.saving_seconds
        return overhead + taken.steps * taken.seconds_per_step

    @property
    def conditions(self) -> Conditions:
        length = self.tokens / STEPS / self.batch_size
        return Conditions(
            model="SmolLM2-135M-Instruct",
            parameters=PARAMETERS,
            tokens_at_once=self.batch_size * length,
            sequence_length=length,
            rank=self.rank,
        )

    @property
    def modelled_bytes(self) -> int:
        setup = Setup(
            sequences=self.measured.micro_batch_size,
            sequence_length=self.measured.longest_sequence,
            rank=self.rank,
            precision="fp32",
        )
        return resident_on_cpu(DIMENSIONS, setup)

    @property
    def past(self) -> PastRun:
        return PastRun(
            hardware="CPU",
            conditions=self.conditions,
            throughput=self.measured.tokens_per_second / cpu_throughput(PARAMETERS),
            start=self.measured.startup_seconds / LIST_OVERHEAD.start,
            validation=self.measured.evaluation_seconds / LIST_OVERHEAD.validation,
            save=self.measured.saving_seconds / LIST_OVERHEAD.save,
            memory=self.measured.reserved_memory_bytes / self.modelled_bytes,
        )


def demo_for(folder: Path) -> Path:
    """The demo data set in the model's tokens."""
    return tokenized((json.loads(line) for line in DATA.read_text().splitlines()), MODEL, folder)


def train(batch_size: int, rank: int, *, device: str = "cpu", **options: Any) -> Run:
    """``options``: further fields of the job file."""
    with tempfile.TemporaryDirectory() as folder:
        spec = JobSpec(
            job_id="benchmark", attempt=1, model=str(MODEL), model_name=MODEL.name, model_license="apache-2.0",
            dataset_path=str(demo_for(Path(folder))), dataset_name="demo", dataset_format="openai_chat",
            run_dir=folder, gpu_count=1, device=device, preset="custom",
            hyperparameters={
                "learning_rate": 1e-4, "batch_size": batch_size, "epochs": 1, "rank": rank, "alpha": 2.0 * rank,
                "dropout": 0.1,
            },
            total_steps=STEPS, steps_per_epoch=STEPS, evaluation_share=0.02, split_seed=42, max_sequence_length=2048,
            tokens_at_once=TOKENS_AT_ONCE, most_held_out=MOST_HELD_OUT, cpu_name=cpu_name(), **options,
        )  # fmt: skip
        job_file = Path(folder) / "job.json"
        job_file.write_text(spec.to_json())
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, "-m", "trainer", str(job_file)],
            cwd=ROOT / "training", env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    events = [event for line in done.stdout.splitlines() if (event := decode(line))]
    measured = next((event for event in events if isinstance(event, Measured)), None)
    if measured is None:
        raise SystemExit(f"the trainer measured nothing:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    tokens = round(measured.tokens_per_second * measured.seconds_per_step * measured.steps)
    return Run(batch_size, rank, tokens, measured)


def error(predicted: float, actual: float) -> float:
    return predicted / actual - 1


def main() -> None:
    runs = []
    for batch_size, rank in CONFIGURATIONS:
        began = time.monotonic()
        runs.append(train(batch_size, rank))
        taken = runs[-1].measured
        print(
            f"batch {batch_size:2} rank {rank:3}: {taken.tokens_per_second:6.0f} tokens/s, "
            f"{time.monotonic() - began:5.0f} s, {taken.peak_memory_bytes / GIB:.2f} GiB, "
            f"load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(f"\n{len(runs)} trainings of {STEPS} steps, each predicted from the others")
    print(f"{'batch':>5} {'rank':>5} {'tokens/s':>19} {'seconds':>19} {'GiB':>19}")
    errors: dict[str, list[float]] = {"throughput": [], "duration": [], "memory": []}
    covered = 0
    for run in runs:
        alike = weigh(run.conditions, [other.past for other in runs if other is not run])
        beliefs = believe(alike, hardware="CPU", prior=LISTED_THROUGHPUT)
        cpu = listed(Hardware(price_per_hour=0, tokens_per_second=cpu_throughput(PARAMETERS), count=1))
        said = forecast(
            DatasetFigures(pairs=STEPS * run.batch_size, tokens=run.tokens),
            learned(cpu, beliefs, believe_overhead(alike, LISTED_OVERHEAD)),
            batch_size=run.batch_size, epochs=1,
        )  # fmt: skip
        memory = run.modelled_bytes * beliefs.memory.factor
        pairs = {
            "throughput": (said.estimate.tokens_per_second, run.measured.tokens_per_second),
            "duration": (said.estimate.duration_hours * 3600, run.seconds),
            "memory": (memory / GIB, run.measured.reserved_memory_bytes / GIB),
        }
        covered += said.range.low_hours * 3600 <= run.seconds <= said.range.high_hours * 3600
        cells = ""
        for name, (predicted, actual) in pairs.items():
            errors[name].append(abs(error(predicted, actual)))
            cells += f" {predicted:6.1f} {actual:6.1f} {error(predicted, actual):+5.0%}"
        print(f"{run.batch_size:5} {run.rank:5}{cells}")
    for name, found in errors.items():
        print(f"median error, {name:11} {statistics.median(found):6.1%}")
    print(f"duration within its 80 % range in {covered} of {len(runs)}")


if __name__ == "__main__":
    main()
