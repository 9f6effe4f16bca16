"""Real trainings on this machine's GPU: peak memory and speed, measured by the trainer, against what is predicted.

For a host with a CUDA GPU. Speed is compared with a list figure given as LIST_TOKENS_PER_SECOND (default: the
A100-80GB's), memory with the memory model's figures for PyTorch, allocated and reserved.
"""

import os
import statistics

from cpu_runs import DIMENSIONS, PARAMETERS, Run, train

from training.core.estimate import list_throughput
from training.core.memory import GIB, Setup, predict

LIST_TOKENS_PER_SECOND = int(os.environ.get("LIST_TOKENS_PER_SECOND", "1800"))
CONFIGURATIONS = [
    (8, 8, {}),
    (32, 16, {}),
    (64, 16, {}),
    (64, 64, {"gradient_checkpointing": True}),
    (64, 16, {"micro_batch_size": 8}),
    (32, 16, {"quantization": "nf4"}),
    (32, 16, {"quantization": "nf4", "gradient_checkpointing": True}),
]
"""(batch size, rank, options)."""


def setup_of(run: Run, options: dict[str, object]) -> Setup:
    return Setup(
        sequences=run.measured.micro_batch_size,
        sequence_length=run.measured.longest_sequence,
        rank=run.rank,
        quantization=str(options.get("quantization", "none")),
        checkpointing=bool(options.get("gradient_checkpointing", False)),
    )


def main() -> None:
    print(
        "| batch | rank | options | allocated GiB | predicted | error | reserved GiB | predicted | error | tokens/s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    errors = []
    listed = list_throughput(LIST_TOKENS_PER_SECOND, PARAMETERS)
    for batch_size, rank, options in CONFIGURATIONS:
        run = train(batch_size, rank, device="cuda", **options)
        memory, taken = predict(DIMENSIONS, setup_of(run, options)), run.measured
        allocated = memory.allocated / taken.peak_memory_bytes - 1
        reserved = memory.reserved / taken.reserved_memory_bytes - 1
        errors += [abs(allocated), abs(reserved)]
        named = ", ".join(f"{name}={value}" for name, value in options.items()) or "–"
        print(
            f"| {batch_size} | {rank} | {named} | {taken.peak_memory_bytes / GIB:.2f} | {memory.allocated / GIB:.2f} | "
            f"{allocated:+.0%} | {taken.reserved_memory_bytes / GIB:.2f} | {memory.reserved / GIB:.2f} | "
            f"{reserved:+.0%} | {taken.tokens_per_second:,.0f} (list {listed:,.0f}) |",
            flush=True,
        )
    print(f"\nmedian error of memory {statistics.median(errors):.1%}")


if __name__ == "__main__":
    main()
