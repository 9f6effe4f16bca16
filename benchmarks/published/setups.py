"""How each source trained: what its rows, notes and configuration files say, as the memory model's own terms.

A row that says too little, or of something that this product does not do, is left out, and ``LeftOut`` says why.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.published.models import UnknownModel, find
from benchmarks.published.rows import Row
from training.core.architecture import ALL_LINEAR, Architecture
from training.core.memory import NF4_BYTES, Recipe, Setup
from training.core.options import NF4, NO_QUANTIZATION

QV = ("q", "v")
QKVO = ("q", "k", "v", "o")
MLP = ("gate", "up", "down")
HF_LOSS = 14
"""transformers' own loss keeps an fp32 copy and a shifted copy of the logits besides."""
LIGER_LOSS = 8
PLAIN_NF4_BYTES = 0.5 + 4 / 64
"""A weight in NF4 without double quantization."""
HELD = 2
"""Bytes: bitsandbytes up to 0.42 keeps a layer's 16-bit input. ``MatMul4Bit`` holds it itself, so that it outlives the
backward pass, until the loss is assigned anew: at a peak in mid-run the pass before is there as well. That is
inferred from the code, and the rows bear it out."""
LITGPT_ALL = re.compile(r"gemma|phi|tiny", re.IGNORECASE)
"""Models whose files in litgpt's config_hub put an adapter on every layer; the others' on queries and values."""


class LeftOut(Exception):
    """A row that says nothing about a run of this product; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What a row describes."""

    model: Architecture
    setup: Setup
    recipe: Recipe


def training(row: Row) -> Training:
    """Raises LeftOut."""
    if row.method not in ("lora", "qlora"):
        raise LeftOut("not LoRA")
    if row.micro_batch is None or row.sequence_length is None:
        raise LeftOut("micro-batch or sequence length not stated")
    if row.program not in _PROGRAMS:
        raise LeftOut("how this source trains is not written down")
    try:
        model = find(row.model, row.billions)
    except UnknownModel as error:
        raise LeftOut(str(error)) from error
    setup = Setup(
        sequences=row.micro_batch,
        sequence_length=row.sequence_length,
        rank=8,
        quantization=NF4 if row.method == "qlora" else NO_QUANTIZATION,
        checkpointing=bool(row.checkpointing),
    )
    return _PROGRAMS[row.program](row, Training(model=model, setup=setup, recipe=Recipe(logit_bytes=HF_LOSS)))


def _stated_rank(row: Row) -> int | None:
    found = re.search(r"lora_r=(\d+)|\br=(\d+)|\brank[ =]?(\d+)|\bLoRA r(\d+)", row.note)
    return int(next(filter(None, found.groups()))) if found else None


def _litgpt(row: Row, run: Training) -> Training:
    """Its resource tables are for rank 8 on queries and values, and those runs put the longest sample first.

    Embedding and output layer are two even where the model ties them; bitsandbytes was 0.41 and 0.42, and Lightning
    packs the output layer too.
    """
    is_configured = "config_hub" in row.source
    every = is_configured and LITGPT_ALL.search(row.model)
    default = 32 if is_configured and not every else 8
    is_double = "nf4-dq" in row.precision
    recipe = Recipe(
        targets=ALL_LINEAR if every else QV,
        packed_bytes=NF4_BYTES if is_double else PLAIN_NF4_BYTES,
        packed_input_bytes=2 * HELD if is_configured else HELD,
        packed_head=True,
    )
    rank = _stated_rank(row) or default
    if stated := _targets_by_weights(row, run.model, rank):
        recipe = replace(recipe, targets=stated)
    model = replace(run.model, tied_embeddings=False)
    return Training(model=model, setup=replace(run.setup, rank=rank), recipe=recipe)


def _torchtune(row: Row, run: Training) -> Training:
    """Compiled, with a loss in slices; where it is not said, QLoRA's recipes checkpoint, and the LoRA row of its README
    cannot have."""
    recipe = Recipe(targets=("q", "v", "o", "gate", "up", "down"), logit_bytes=0, fused=True)
    checkpointing = row.method == "qlora" if row.checkpointing is None else row.checkpointing
    return replace(run, recipe=recipe, setup=replace(run.setup, dropout=False, checkpointing=checkpointing))


def _llama_factory(row: Row, run: Training) -> Training:
    """It checkpoints unless told otherwise."""
    return replace(run, setup=replace(run.setup, checkpointing=row.checkpointing is not False))


def _peft(row: Row, run: Training) -> Training:
    """Its method comparison; the experiment's name has the rank, and the trained weights tell the layers."""
    named = re.search(r"rank(\d+)", row.source)
    rank = int(named[1]) if named else _stated_rank(row) or 8
    targets = _targets_by_weights(row, run.model, rank) or (MLP if "target-mlp" in row.source else QV)
    return replace(run, recipe=replace(run.recipe, targets=targets), setup=replace(run.setup, rank=rank))


def _targets_by_weights(row: Row, model: Architecture, rank: int) -> tuple[str, ...] | None:
    """The layers whose adapters have the stated number of weights."""
    stated = re.search(r"trainable=([\d,]+)", row.note)
    if stated is None:
        return None
    weights = int(stated[1].replace(",", ""))
    return next((each for each in (QV, QKVO, MLP, ALL_LINEAR) if model.lora_parameters(rank, each) == weights), None)


def _fms(row: Row, run: Training) -> Training:
    """Rank 16 on attention; its fused kernels spare norms, activations and a copy of the logits."""
    fused = "foak" in row.note
    recipe = Recipe(targets=QKVO, logit_bytes=LIGER_LOSS if fused else HF_LOSS, fused=fused)
    return replace(run, recipe=recipe, setup=replace(run.setup, rank=_stated_rank(row) or 16))


def _h2o(row: Row, run: Training) -> Training:
    """As its page has the defaults, with rank 4."""
    return replace(run, setup=replace(run.setup, rank=_stated_rank(row) or 4))


def _automodel(row: Row, run: Training) -> Training:
    """Rank 16 on all layers, with fused kernels."""
    recipe = Recipe(logit_bytes=LIGER_LOSS, fused=True)
    return replace(run, recipe=recipe, setup=replace(run.setup, rank=_stated_rank(row) or 16))


_PROGRAMS: dict[str, Callable[[Row, Training], Training]] = {
    "litgpt": _litgpt,
    "torchtune": _torchtune,
    "llama-factory": _llama_factory,
    "peft": _peft,
    "fms": _fms,
    "h2o": _h2o,
    "automodel": _automodel,
}
