"""A decoder-only transformer's dimensions, as a model's ``config.json`` has them, and what follows from them.

Counts follow the Llama block (RMS norms, grouped-query attention, gated MLP), which Llama, Mistral, Qwen, Gemma, Phi-3
and SmolLM2 share. A model whose MLP has no gate is told by its ``model_type``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ATTENTION = ("q", "k", "v", "o")
ALL_LINEAR = (*ATTENTION, "gate", "up", "down")
LARGEST = 10**7
"""Upper limit for any one dimension; a larger figure is an error in the file."""

UNGATED_TYPES = frozenset({"phi", "falcon", "gpt_neox", "gpt2", "bloom", "mpt", "starcoder2", "opt", "stablelm_alpha"})


class UnknownArchitecture(ValueError):
    """A ``config.json`` that does not say what is needed; the message says what is missing."""


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

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 < value <= LARGEST and not isinstance(value, bool):
                raise UnknownArchitecture(f"{name} is {value}, which no model has")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Architecture":
        """From a Hugging Face ``config.json``; of a multimodal model, its language model.

        Raises:
            UnknownArchitecture: a dimension is missing or impossible, or it is a mixture of experts.
        """
        config = config.get("text_config") or config
        if config.get("num_local_experts") or config.get("num_experts"):
            raise UnknownArchitecture("it is a mixture of experts, whose memory is not modelled")
        hidden = _figure(config, "hidden_size", "n_embd", "d_model")
        heads = _figure(config, "num_attention_heads", "n_head", "n_heads")
        return cls(
            hidden_size=hidden,
            layers=_figure(config, "num_hidden_layers", "n_layer", "n_layers"),
            heads=heads,
            kv_heads=config.get("num_key_value_heads") or heads,
            head_size=config.get("head_dim") or hidden // max(heads, 1),
            intermediate_size=config.get("intermediate_size") or 4 * hidden,
            vocabulary=_figure(config, "vocab_size"),
            tied_embeddings=bool(config.get("tie_word_embeddings", False)),
            gated=config.get("model_type") not in UNGATED_TYPES,
        )

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

    @property
    def linear_parameters(self) -> int:
        """Weights of the blocks' linear layers, which are those that 4-bit quantization packs."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linear_shapes().values())

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding and, unless it shares them, of the output layer."""
        return self.vocabulary * self.hidden_size * (1 if self.tied_embeddings else 2)

    @property
    def parameters(self) -> int:
        """All weights except biases and the norms of single families (together far below 0.1 %)."""
        norms = (2 * self.layers + 1) * self.hidden_size
        return self.linear_parameters + self.embedding_parameters + norms

    def lora_parameters(self, rank: int, targets: tuple[str, ...] = ALL_LINEAR) -> int:
        """Weights of a LoRA adapter: rank x (inputs + outputs) for each target (arXiv:2106.09685, section 4.1).

        Args:
            rank: of each pair of matrices.
            targets: names of linear layers; those that the model does not have are passed over.
        """
        shapes = self.linear_shapes()
        return self.layers * rank * sum(sum(shapes[name]) for name in targets if name in shapes)


def _figure(config: Mapping[str, Any], *names: str) -> int:
    """The first of ``names`` that holds an integer. Raises UnknownArchitecture where none does."""
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    raise UnknownArchitecture(f"its config.json has no {names[0]}")
