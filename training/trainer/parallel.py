"""The processes of one run: who this one is, and what they must agree on. One process needs none of it."""

import os
from typing import Any, TypeVar

import torch
import torch.distributed as dist

Value = TypeVar("Value")


class Processes:
    """This process among ``count``; created after the device is known."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        if self.count > 1:
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")

    @property
    def is_first(self) -> bool:
        """The one that reports and writes files."""
        return self.rank == 0

    def share(self, indices: list[int]) -> list[int]:
        """This process's part of a list."""
        return indices[self.rank :: self.count]

    def total(self, *values: float) -> list[float]:
        """Each value summed over the processes."""
        if self.count == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        totals: list[float] = tensor.tolist()
        return totals

    def sum_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        """Add up each parameter's gradient over the processes, in place.

        All go in one flat message, as an adapter is small; a process without examples in a step adds zeros.
        """
        if self.count == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def gather(self, value: Value) -> list[Value]:
        """Every process's value, in order of rank; values are pickled."""
        if self.count == 1:
            return [value]
        values: list[Any] = [None] * self.count
        dist.all_gather_object(values, value)
        return values

    def close(self) -> None:
        """Leave the process group, if there is one."""
        if self.count > 1 and dist.is_initialized():
            dist.destroy_process_group()
