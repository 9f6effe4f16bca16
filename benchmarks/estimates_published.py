"""Estimates against published measurements: throughput and memory, on the rows they were fitted to and held out.

    python -m benchmarks.estimates_published [rows.tsv]

Held out means: one source left out, everything that is fitted fitted to the others, that source predicted. Other rows
with the same columns are predicted in the same way, by figures that are fitted to the rows kept here.
"""

import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.published import memory, throughput
from benchmarks.published.rows import DATA, asked_for, read
from benchmarks.published.throughput import Speed
from training.core.throughput import FITTED, Fitted


def main() -> None:
    rows = read(asked_for())
    speeds, left_out = throughput.published(rows)
    print(f"# {asked_for().name}: {len(rows)} rows\n\n## Throughput\n")
    known, _ = throughput.published(read(DATA))
    apart = list(throughput.held_out(speeds, known))
    refitted = throughput.fit(known)
    print(f"in use: {_figures(FITTED)}\nfitted to {DATA.name}: {_figures(refitted)}\n")
    listed = [one for one in speeds if one.listed]
    print(f"list figures:      {_listed(listed)}")
    print(f"figures in use:    {_summary([(one, FITTED) for one in speeds])}")
    print(f"fitted to them:    {_summary([(one, refitted) for one in speeds])}")
    print(f"one source out:    {_summary(apart)}\n")
    for name, group in _groups(apart).items():
        print(f"  {name:28} {_summary(group)}")
    print("\n| run | model | method | GPUs | measured | in use | error | held out |\n|---|---|---|---|---|---|---|---|")
    for one, fitted in apart:
        print(_line(one, fitted))
    print("\nLeft out:")
    for id_, reason in left_out.items():
        if reason not in ("not LoRA", "no throughput"):
            print(f"- {id_}: {reason}")
    print("\n## Memory\n")
    memory.main()


def _figures(fitted: Fitted) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in asdict(fitted).items())


def _summary(pairs: list[tuple[Speed, Fitted]]) -> str:
    errors = (one.error(fitted) for one, fitted in pairs)
    return throughput.summary(errors, [one.is_covered(fitted) for one, fitted in pairs])


def _listed(speeds: list[Speed]) -> str:
    errors = [(one.listed or 0) / one.actual - 1 for one in speeds]
    return throughput.summary(errors, [0.51 <= 1 + error <= 1.95 for error in errors])


def _groups(apart: list[tuple[Speed, Fitted]]) -> dict[str, list[tuple[Speed, Fitted]]]:
    """By source, and by what differs most."""
    found: dict[str, list[tuple[Speed, Fitted]]] = {}
    for one, fitted in apart:
        kernels = "fused kernels" if one.work.recipe.fused else "plain kernels"
        gpus = "one GPU" if one.row.gpu_count == 1 else "several GPUs"
        for name in (one.row.program, one.row.method, f"{kernels}, {gpus}", f"on {one.chip.name}"):
            found.setdefault(name, []).append((one, fitted))
    return found


def _line(one: Speed, fitted: Fitted) -> str:
    kind = one.row.method + (", checkpointing" if one.work.checkpointing else "")
    kind += ", fused" if one.work.recipe.fused else ""
    return (
        f"| {one.row.id} | {one.row.model} | {kind} | {one.row.gpu_count} × {one.row.gpu} | {one.actual:,.0f} | "
        f"{one.predicted():,.0f} | {one.error():+.0%} | {one.error(fitted):+.0%} |"
    )


if __name__ == "__main__":
    main()
