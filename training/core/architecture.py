"""A decoder-only transformer's dimensions, as a model's ``config.json`` has them, and what follows from them.

Counts follow the Llama block (RMS norms, grouped-query attention, gated MLP), which Llama, Mistral, Qwen, Gemma, Phi-3
and SmolLM2 share; where families differ from it (an ungated MLP, more norms, capped scores), a field says so.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from training.core.model_config import UnknownArchitecture, dimensions

__all__ = ["ALL_LINEAR", "ATTENTION", "Architecture", "UnknownArchitecture"]

ATTENTION = ("q", "k", "v", "o")
ALL_LINEAR = (*ATTENTION, "gate", "up", "down")
LARGEST = 10**7
"""Upper limit for any one dimension; a larger figure is an error in the file."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Dimensions of the whole model: widths in features, counts of layers, heads and vocabulary entries.

    Raises:
        UnknownArchitecture: a dimension is not between 1 and LARGEST.
    """

    hidden_size: int
    layers: int
    heads: int
    kv_heads: int
    """Heads of keys and values; fewer than ``heads`` with grouped-query attention (arXiv:2305.13245)."""
    head_size: int
    """Width of one attention head."""
    intermediate_size: int
    """Inner width of the MLP."""
    vocabulary: int
    tied_embeddings: bool = False
    """The output layer shares the embedding's weights."""
    gated: bool = True
    """The MLP has a gate beside its up projection (SwiGLU, arXiv:2002.05202)."""
    norms: int = 2
    """Norms of one block that read a tensor of the hidden size: 4 in Gemma 2 and 3, 1 where attention and MLP share."""
    query_norms: bool = False
    """Queries and keys are normed head by head (Qwen3, Gemma 3; arXiv:2302.05442)."""
    soft_capped_scores: bool = False
    """Attention's scores go through a tanh (Gemma 2, arXiv:2408.00118), so that its score matrices are kept."""
    soft_capped_logits: bool = False
    """The logits go through a tanh."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value <= LARGEST and not isinstance(value, bool):
                raise UnknownArchitecture(f"{name} is {value}, which no model has")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Architecture":
        """From a Hugging Face ``config.json``; of a multimodal model, its language model.

        Raises:
            UnknownArchitecture: a dimension is missing or impossible, or it is no dense decoder.
        """
        return cls(**dimensions(config))  # type: ignore[arg-type]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Architecture":
        """From what ``to_dict`` gave.

        Raises:
            UnknownArchitecture: a field is missing, unknown or impossible.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise UnknownArchitecture(f"the architecture is incomplete: {error}") from error

    def to_dict(self) -> dict[str, int | bool]:
        """The fields by name, as JSON has them."""
        return asdict(self)

    @property
    def query_width(self) -> int:
        """Width of all queries of one layer, and of the attention's output before its projection."""
        return self.heads * self.head_size

    @property
    def kv_width(self) -> int:
        """Width of all keys of one layer; that of its values is the same."""
        return self.kv_heads * self.head_size

    def linear_shapes(self) -> dict[str, tuple[int, int]]:
        """(inputs, outputs) of each linear layer of one block, by its name in ALL_LINEAR."""
        return self._shapes

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, int]]:
        hidden, inner = self.hidden_size, self.intermediate_size
        shapes = {
            "q": (hidden, self.query_width),
            "k": (hidden, self.kv_width),
            "v": (hidden, self.kv_width),
            "o": (self.query_width, hidden),
            "up": (hidden, inner),
            "down": (inner, hidden),
        }
        return shapes | ({"gate": (hidden, inner)} if self.gated else {})

    @cached_property
    def linear_parameters(self) -> int:
        """Weights of the blocks' linear layers, which are those that 4-bit quantization packs."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linear_shapes().values())

    @property
    def head_parameters(self) -> int:
        """Weights of the output layer, whether it shares them or not."""
        return self.vocabulary * self.hidden_size

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding and, unless it shares them, of the output layer."""
        return self.head_parameters * (1 if self.tied_embeddings else 2)

    @property
    def norm_parameters(self) -> int:
        """Weights of all RMS norms."""
        of_heads = 2 * self.head_size if self.query_norms else 0
        return (self.norms * self.hidden_size + of_heads) * self.layers + self.hidden_size

    @cached_property
    def parameters(self) -> int:
        """All weights except biases (far below 0.1 %)."""
        return self.linear_parameters + self.embedding_parameters + self.norm_parameters

    def lora_parameters(self, rank: int, targets: tuple[str, ...] = ALL_LINEAR) -> int:
        """Weights of a LoRA adapter: rank x (inputs + outputs) for each target (arXiv:2106.09685, section 4.1).

        Args:
            rank: of each pair of matrices.
            targets: names of linear layers; those that the model does not have are passed over.
        """
        shapes = self.linear_shapes()
        return self.layers * rank * sum(sum(shapes[name]) for name in targets if name in shapes)
