"""The loss that is trained on, and evaluated."""

from typing import Any

import torch
from torch.nn.functional import cross_entropy

from .data import IGNORED, Example, collate

Batch = dict[str, torch.Tensor]
"""As ``data.collate`` makes it, on the model's device."""


def logits(model: Any, batch: Batch, precision: torch.dtype) -> torch.Tensor:
    """What the model foretells after each token: (examples, tokens, vocabulary), computed in ``precision``."""
    device = batch["input_ids"].device.type
    with torch.autocast(device, precision, enabled=precision != torch.float32):
        found: torch.Tensor = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return found


def summed_loss(model: Any, batch: Batch, precision: torch.dtype) -> torch.Tensor:
    """Cross-entropy (nats) summed over the trained tokens, each times its answer's weight."""
    labels = batch["labels"][:, 1:]
    scores, targets = logits(model, batch, precision)[:, :-1].float().flatten(0, 1), labels.flatten()
    if "weights" not in batch:
        return cross_entropy(scores, targets, ignore_index=IGNORED, reduction="sum")
    losses = cross_entropy(scores, targets, ignore_index=IGNORED, reduction="none")
    return (losses * batch["weights"][:, 1:].flatten()).sum()


def example_loss(model: Any, example: Example, precision: torch.dtype) -> float:
    """``summed_loss`` of one sequence alone, without gradients."""
    batch = {name: tensor.to(model.device) for name, tensor in collate([example], pad=0).items()}
    with torch.no_grad():
        loss: float = summed_loss(model, batch, precision).item()
    return loss
