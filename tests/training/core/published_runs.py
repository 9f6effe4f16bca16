"""Published LoRA and QLoRA measurements, each as the set-up it describes, against what the memory model predicts.

``data/published_finetuning_measurements.tsv`` says what was measured; here stands what its notes and sources say of how
(which layers have an adapter, what the loss keeps, which figure "peak" is), and which rows say nothing about a run of
ours. ``python -m tests.training.core.published_runs`` prints the table of docs/estimates.md.
"""

import csv
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from training.core.architecture import ALL_LINEAR, Architecture
from training.core.memory import GIB, Recipe, Setup, predict

DATA = Path(__file__).parent / "data" / "published_finetuning_measurements.tsv"
QV = ("q", "v")
QKVO = ("q", "k", "v", "o")
HF_LOSS = 14
"""transformers' own loss keeps an fp32 copy and a shifted copy of the logits besides."""
CAPACITY = {"A100-80GB": 80, "A100-40GB": 40, "A10G-24GB": 24, "RTX4090-24GB": 24, "A6000-48GB": 48, "L40S-48GB": 48}


def dims(hidden, layers, heads, kv_heads, head, inner, vocabulary, tied=False, gated=True):
    return Architecture(
        hidden_size=hidden, layers=layers, heads=heads, kv_heads=kv_heads, head_size=head, intermediate_size=inner,
        vocabulary=vocabulary, tied_embeddings=tied, gated=gated,
    )  # fmt: skip


LLAMA2_7B = dims(4096, 32, 32, 32, 128, 11008, 32000)
LLAMA2_13B = dims(5120, 40, 40, 40, 128, 13824, 32000)
LLAMA2_70B = dims(8192, 80, 64, 8, 128, 28672, 32000)
LLAMA3_8B = dims(4096, 32, 32, 8, 128, 14336, 128256)
LLAMA32_1B = dims(2048, 16, 32, 8, 64, 8192, 128256, tied=True)
LLAMA32_3B = dims(3072, 28, 24, 8, 128, 8192, 128256, tied=True)
MISTRAL_7B = dims(4096, 32, 32, 8, 128, 14336, 32000)
MODELS = {
    "phi-1.5 1.3B": dims(2048, 24, 32, 32, 64, 8192, 51200, gated=False),
    "StableLM Alpha 3B": dims(4096, 16, 32, 32, 128, 16384, 50688, gated=False),
    "Llama 2 7B": LLAMA2_7B,
    "LLaMA2-7B": LLAMA2_7B,
    "Llama 2 13B": LLAMA2_13B,
    "h2oai/h2ogpt-4096-llama2-13b": LLAMA2_13B,
    "NousResearch/Llama-2-70b-hf": LLAMA2_70B,
    "Falcon 40B": dims(8192, 60, 128, 8, 64, 32768, 65024, tied=True, gated=False),
    "falcon-7b": dims(4544, 32, 71, 1, 64, 18176, 65024, tied=True, gated=False),
    "gemma-2b": dims(2048, 18, 8, 1, 256, 16384, 256000, tied=True),
    "llama-3-8b": LLAMA3_8B,
    "llama-3.1-8b": LLAMA3_8B,
    "Llama 3.1 8B": LLAMA3_8B,
    "llama-3.2-1b": LLAMA32_1B,
    "Llama 3.2 3B": LLAMA32_3B,
    "Llama-3.2-3B": LLAMA32_3B,
    "mistral-7b-v0.2": MISTRAL_7B,
    "mistral-7b": MISTRAL_7B,
    "mistralai/Mistral-7B-v0.1": MISTRAL_7B,
    "Phi-3-mini-4k-instruct": dims(3072, 32, 32, 32, 96, 8192, 32064),
    "tiny-llama": dims(2048, 22, 32, 4, 64, 5632, 32000),
    "ibm/PowerLM-3b": dims(2304, 40, 36, 36, 64, 9216, 49152, tied=True),
}
LITGPT_ALL = {"litgpt-ch-03", "litgpt-ch-19", "litgpt-ch-31", "litgpt-ch-37"}
"""Their configuration files put an adapter on every layer; the others' on queries and values."""


@dataclass(frozen=True)
class Run:
    """One published measurement; ``actual`` in GB or GiB as published, ``None`` for out of memory."""

    id: str
    model: str
    method: str
    gpu: str
    setup: Setup
    recipe: Recipe
    figure: str
    unit: float
    actual: float | None

    @property
    def predicted(self) -> float:
        memory = predict(MODELS[self.model], self.setup, self.recipe)
        return getattr(memory, self.figure) / self.unit

    @property
    def fits(self) -> bool:
        return predict(MODELS[self.model], self.setup, self.recipe).peak <= CAPACITY[self.gpu] * GIB


def unusable(row: dict[str, str]) -> str:
    """Why a row says nothing about a run of this product, or nothing ("")."""
    id_, note = row["id"], row["note"]
    if row["method"] not in ("lora", "qlora"):
        return "not LoRA"
    if not row["peak_mem_gb"]:
        return "no memory figure"
    if int(row["gpu_count"]) > 1:
        return "sharded over several GPUs (FSDP, ZeRO); here every GPU has the whole model"
    if not row["micro_batch"] or not row["seq_len"]:
        return "micro-batch or sequence length not stated"
    if row["model"].startswith("mistralai/Mixtral"):
        return "a mixture of experts"
    if "Unsloth" in note:
        return "Unsloth's own kernels, with checkpoints moved off the GPU"
    if "baseline-peft-bnb" in note:
        return "PEFT's 16-bit to fp32 upcast of everything not quantized, which the trainer does not do"
    if id_.startswith("litgpt-ch") and row["method"] == "qlora":
        return "the peak is the loading: the whole 16-bit model is on the GPU before it is quantized"
    return ""


def runs() -> Iterator[Run]:
    """The usable rows."""
    with DATA.open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if not unusable(row):
                yield _run(row)


def _run(row: dict[str, str]) -> Run:
    id_, note = row["id"], row["note"]
    setup = Setup(
        sequences=int(row["micro_batch"]),
        sequence_length=int(row["seq_len"]),
        rank=8,
        quantization="nf4" if row["method"] == "qlora" else "none",
        checkpointing=row["grad_ckpt"] == "yes",
    )
    figure, unit, recipe = "allocated", float(GIB), Recipe(logit_bytes=HF_LOSS)
    actual = row["peak_mem_gb"]
    if id_.startswith("litgpt"):
        unit, recipe = 1e9, Recipe(targets=ALL_LINEAR if id_ in LITGPT_ALL else QV)
        rank = re.search(r"lora_r=(\d+)", note)
        setup = replace(setup, rank=int(rank[1]) if rank else 8)
    elif id_.startswith("torchtune"):  # chunked loss; single-device recipes checkpoint, the row of 30.3 GiB cannot have
        recipe = Recipe(targets=("q", "v", "o", "gate", "up", "down"), logit_bytes=0, fused=True)
        setup = replace(setup, dropout=False, checkpointing=id_ != "torchtune-04")
    elif id_.startswith("lf"):  # LLaMA-Factory checkpoints unless told otherwise
        figure, setup = "peak", replace(setup, checkpointing=True)
    elif id_.startswith("peft"):
        on_mlp = "target-mlp" in row["source"]
        recipe = Recipe(targets=("gate", "up", "down") if on_mlp else QV, logit_bytes=HF_LOSS)
        setup = replace(setup, rank=10 if on_mlp else 64)
    elif id_.startswith("fms"):
        fused = "foak" in note
        recipe = Recipe(targets=QKVO, logit_bytes=8 if fused else HF_LOSS, fused=fused)
        setup = replace(setup, rank=16)
        if allocated := re.search(r"torch peak alloc ([\d.]+) GiB", note):
            actual = allocated[1]
        else:
            figure = "peak"
    elif id_.startswith("h2o"):
        figure, setup = "peak", replace(setup, rank=4)
    return Run(
        id=id_,
        model=row["model"],
        method=row["method"],
        gpu=row["gpu"],
        setup=setup,
        recipe=recipe,
        figure=figure,
        unit=unit,
        actual=None if actual == "OOM" else float(actual),
    )


def card_figures() -> Iterator[tuple[Run, float]]:
    """For the runs whose notes give both, what ``nvidia-smi`` said (GiB)."""
    with DATA.open(newline="") as file:
        smi = {row["id"]: row["peak_mem_gb"] for row in csv.DictReader(file, delimiter="\t")}
    for run in runs():
        if run.id.startswith("fms") and run.actual is not None:
            yield replace(run, figure="peak"), float(smi[run.id])


def main() -> None:
    print("| run | model | method | tokens | measured | predicted | error |\n|---|---|---|---|---|---|---|")
    errors = []
    for run in runs():
        tokens = f"{run.setup.sequences} × {run.setup.sequence_length}"
        unit = "GB" if run.unit == 1e9 else "GiB"
        if run.actual is None:
            outcome = "does not fit" if not run.fits else "fits"
            print(f"| {run.id} | {run.model} | {run.method} | {tokens} | out of memory on {run.gpu} | "
                  f"{run.predicted:.1f} {unit}: {outcome} | |")  # fmt: skip
            continue
        error = run.predicted / run.actual - 1
        errors.append(abs(error))
        print(f"| {run.id} | {run.model} | {run.method} | {tokens} | {run.actual:.1f} {unit} | {run.predicted:.1f} | "
              f"{error:+.0%} |")  # fmt: skip
    for run, measured in card_figures():
        error = run.predicted / measured - 1
        errors.append(abs(error))
        print(f"| {run.id} (nvidia-smi) | {run.model} | {run.method} | | {measured:.1f} GiB | {run.predicted:.1f} | "
              f"{error:+.0%} |")  # fmt: skip
    within = sum(error <= 0.15 for error in errors) / len(errors)
    print(f"\nmedian error {statistics.median(errors):.1%}, {within:.0%} of {len(errors)} within 15 %")


if __name__ == "__main__":
    main()
