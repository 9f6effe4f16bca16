"""The memory model against what PyTorch really allocates, without a GPU: training steps of the bundled model on a CPU.

PyTorch's profiler counts every allocation and release of tensor memory; their running sum's peak is what
``torch.cuda.max_memory_allocated`` would say, but for weights that are loaded before. The model computes in fp32 here,
with attention in PyTorch's own kernel, as the trainer does on a CPU.
"""

import gc
import os
import statistics
import sys
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
MODEL = Path(os.environ.get("PIPELINE_MODELS_DIR", ROOT / "var" / "models")) / "SmolLM2-135M-Instruct"
CONFIGURATIONS = [
    (1, 256, 8, False, 0.1),
    (2, 256, 16, False, 0.1),
    (4, 128, 16, False, 0.0),
    (2, 512, 64, False, 0.1),
    (2, 256, 16, True, 0.1),
    (4, 512, 16, True, 0.1),
]
"""(sequences, tokens of each, rank, gradient checkpointing, dropout)"""


def measure(sequences: int, length: int, rank: int, checkpointing: bool, dropout: float) -> int:
    """Bytes: the peak of what two steps allocate beside the weights, the optimizer's state and the adapter included."""
    from peft import LoraConfig, get_peft_model
    from torch.nn.functional import cross_entropy
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        config = LoraConfig(task_type="CAUSAL_LM", r=rank, lora_dropout=dropout, target_modules="all-linear")
        model = get_peft_model(base, config)
        model.config.use_cache = False
        if checkpointing:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.train()
        optimizer = torch.optim.AdamW([parameter for parameter in model.parameters() if parameter.requires_grad])
        ids = torch.randint(1, 1000, (sequences, length))
        for _ in range(2):
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, :-1]
            loss = cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="sum")
            del logits
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    return peak_of(profile)


def peak_of(profile: Any) -> int:
    """The highest running sum of the profiler's allocations (positive) and releases (negative)."""
    events = profile.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    held = peak = 0
    for _, size in changes:
        held += size
        peak = max(peak, held)
    return peak


def main() -> None:
    from training.core.architecture import Architecture
    from training.core.memory import ON_CPU, Setup, predict

    model = Architecture(
        hidden_size=576, layers=30, heads=9, kv_heads=3, head_size=64, intermediate_size=1536, vocabulary=49152,
        tied_embeddings=True,
    )  # fmt: skip
    errors = []
    print("| tokens | rank | checkpointing | dropout | measured MiB | predicted MiB | error |")
    print("|---|---|---|---|---|---|---|")
    for sequences, length, rank, checkpointing, dropout in CONFIGURATIONS:
        measured = measure(sequences, length, rank, checkpointing, dropout)
        gc.collect()
        setup = Setup(
            sequences=sequences, sequence_length=length, rank=rank, dropout=dropout > 0, precision="fp32",
            checkpointing=checkpointing,
        )  # fmt: skip
        memory = predict(model, setup, ON_CPU)
        predicted = memory.allocated - memory.weights
        errors.append(abs(predicted / measured - 1))
        print(
            f"| {sequences} × {length} | {rank} | {'yes' if checkpointing else 'no'} | {dropout} | "
            f"{measured / 2**20:,.0f} | {predicted / 2**20:,.0f} | {predicted / measured - 1:+.0%} |",
            flush=True,
        )
    print(f"\nmedian error {statistics.median(errors):.1%}")


if __name__ == "__main__":
    main()
