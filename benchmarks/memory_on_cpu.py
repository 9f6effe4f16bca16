"""The memory model against what PyTorch really allocates, without a GPU: training steps on a CPU.

PyTorch's profiler counts every allocation and release of tensor memory; their running sum's peak is what
``torch.cuda.max_memory_allocated`` would say, but for weights that are loaded before. Models compute in fp32 here, with
the attention that the trainer has on a CPU: the bundled one, as it is and in 4 bits, and small ones with random weights
of families that differ from it. Of several sequences one is shorter, as in real data.
"""

import gc
import os
import statistics
import sys
from collections.abc import Callable
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
IN_4_BITS = CONFIGURATIONS[:3] + CONFIGURATIONS[4:5]
OF_FAMILIES = [(1, 512, 8, False, 0.1), (2, 256, 8, False, 0.1), (4, 256, 8, True, 0.1)]
FAMILIES = ("llama", "qwen3", "gemma3_text", "gemma2")
SMALL = {
    "hidden_size": 256, "num_hidden_layers": 8, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64,
    "intermediate_size": 1024, "vocab_size": 4096,
}  # fmt: skip
SHORTER = 5
"""Tokens by which one of several sequences is shorter."""


def bundled(quantization: str) -> Any:
    """The bundled model, loaded as the trainer does."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    options: dict[str, Any] = {}
    if quantization == "nf4":
        packed = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32,
        )  # fmt: skip
        options = {"quantization_config": packed, "device_map": {"": "cpu"}}
    return AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32, **options)


def small(family: str) -> Any:
    """A small model of that family, with random weights."""
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(CONFIG_MAPPING[family](**SMALL), dtype=torch.float32)


def measure(base: Any, sequences: int, length: int, rank: int, checkpointing: bool, dropout: float) -> int:
    """Bytes: the peak of what two steps allocate beside the weights, the optimizer's state and the adapter included."""
    from peft import LoraConfig, get_peft_model
    from torch.nn.functional import cross_entropy

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        config = LoraConfig(task_type="CAUSAL_LM", r=rank, lora_dropout=dropout, target_modules="all-linear")
        model = get_peft_model(base, config)
        model.config.use_cache = False
        if checkpointing:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.train()
        optimizer = torch.optim.AdamW([parameter for parameter in model.parameters() if parameter.requires_grad])
        ids = torch.randint(1, 1000, (sequences, length))
        mask = torch.ones_like(ids)
        mask[1:, -SHORTER:] = 0
        for _ in range(2):
            logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
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


def compare(name: str, load: Callable[[], Any], configurations: list[Any], quantization: str = "none") -> list[float]:
    """Print a line for each configuration; returns the errors."""
    from training.core.architecture import Architecture
    from training.core.memory import ON_CPU, Setup, predict

    errors = []
    for sequences, length, rank, checkpointing, dropout in configurations:
        base = load()
        config = base.config.to_dict()
        measured = measure(base, sequences, length, rank, checkpointing, dropout)
        del base
        gc.collect()
        setup = Setup(
            sequences=sequences, sequence_length=length, rank=rank, dropout=dropout > 0, precision="fp32",
            checkpointing=checkpointing, quantization=quantization,
        )  # fmt: skip
        memory = predict(Architecture.from_config(config), setup, ON_CPU)
        predicted = memory.allocated - memory.weights
        errors.append(abs(predicted / measured - 1))
        print(
            f"| {name} | {sequences} × {length} | {rank} | {'yes' if checkpointing else 'no'} | {dropout} | "
            f"{measured / 2**20:,.0f} | {predicted / 2**20:,.0f} | {predicted / measured - 1:+.0%} |",
            flush=True,
        )
    return errors


def main() -> None:
    print("| model | tokens | rank | checkpointing | dropout | measured MiB | predicted MiB | error |")
    print("|---|---|---|---|---|---|---|---|")
    errors = compare("SmolLM2-135M", lambda: bundled("none"), CONFIGURATIONS)
    errors += compare("SmolLM2-135M, 4 bits", lambda: bundled("nf4"), IN_4_BITS, "nf4")
    for family in FAMILIES:
        errors += compare(f"small {family}", lambda family=family: small(family), OF_FAMILIES)
    print(f"\nmedian error {statistics.median(errors):.1%}")


if __name__ == "__main__":
    main()
