"""What a base model is loaded by, for a training or to be tried. Pure."""

from typing import Protocol


class Source(Protocol):
    """A base model, and what it is to be computed on and in."""

    @property
    def model(self) -> str:
        """An absolute folder, or a Hugging Face id."""

    @property
    def model_name(self) -> str:
        """What people call it."""

    @property
    def model_revision(self) -> str:
        """Of a hub model: commit, tag or branch; empty: the hub's default."""

    @property
    def device(self) -> str:
        """``auto``, ``cpu`` or ``cuda``."""

    @property
    def quantization(self) -> str:
        """``none``, or ``nf4``: the linear layers in 4 bits (QLoRA)."""
