"""A decoder-only transformer's dimensions, as a model's ``config.json`` has them, and what follows from them.

Counts follow the Llama block (RMS norms, grouped-query attention, gated MLP), which Llama, Mistral, Qwen, Gemma, Phi-3
and SmolLM2 share; a model without a gate in its MLP is told by its activation.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ATTENTION = ("q", "k", "v", "o")
ALL_LINEAR = (*ATTENTION, "gate", "up", "down")
LARGEST = 10**7
"""No dimension of a model is larger; a file that says so is not a model's."""

UNGATED_TYPES = frozenset({"phi", "falcon", "gpt_neox", "gpt2", "bloom", "mpt", "starcoder2", "opt", "stablelm_alpha"})


class UnknownArchitecture(ValueError):
    """A ``config.json`` that does not say what is needed; the message says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Dimensions of the whole model. ``head_size`` is the width of one attention head."""

    hidden_size: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    intermediate_size: int
    vocabulary: int
    tied_embeddings: bool = False
    gated: bool = True

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 < value <= LARGEST and not isinstance(value, bool):
                raise UnknownArchitecture(f"{name} is {value}, which no model has")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Architecture":
        """From a Hugging Face ``config.json``. Raises UnknownArchitecture."""
        config = config.get("text_config") or config
        if config.get("num_local_experts") or config.get("num_experts"):
            raise UnknownArchitecture("it is a mixture of experts, whose memory is not modelled")

        def figure(*names: str) -> int:
            for name in names:
                value = config.get(name)
                if isinstance(value, int) and not isinstance(value, bool):
                    return value
            raise UnknownArchitecture(f"its config.json has no {names[0]}")

        hidden = figure("hidden_size", "n_embd", "d_model")
        heads = figure("num_attention_heads", "n_head", "n_heads")
        optional = {name: config.get(name) for name in ("num_key_value_heads", "head_dim", "intermediate_size")}
        return cls(
            hidden_size=hidden,
            layers=figure("num_hidden_layers", "n_layer", "n_layers"),
            heads=heads,
            kv_heads=optional["num_key_value_heads"] or heads,
            head_size=optional["head_dim"] or hidden // max(heads, 1),
            intermediate_size=optional["intermediate_size"] or 4 * hidden,
            vocabulary=figure("vocab_size"),
            tied_embeddings=bool(config.get("tie_word_embeddings", False)),
            gated=config.get("model_type") not in UNGATED_TYPES,
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Architecture":
        """From what ``to_dict`` gave. Raises UnknownArchitecture."""
        try:
            return cls(**values)
        except TypeError as error:
            raise UnknownArchitecture(f"the architecture is incomplete: {error}") from error

    def to_dict(self) -> dict[str, int | bool]:
        return asdict(self)

    @property
    def query_width(self) -> int:
        return self.heads * self.head_size

    @property
    def kv_width(self) -> int:
        return self.kv_heads * self.head_size

    def linear_shapes(self) -> dict[str, tuple[int, int]]:
        """(inputs, outputs) of each linear layer of one block."""
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
        """Weights of the blocks' linear layers: what 4-bit quantization shrinks."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linear_shapes().values())

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding and of the output layer, where that is one of its own."""
        return self.vocabulary * self.hidden_size * (1 if self.tied_embeddings else 2)

    @property
    def parameters(self) -> int:
        """All weights, but for biases and the norms of single families (together far below 0.1 %)."""
        norms = (2 * self.layers + 1) * self.hidden_size
        return self.linear_parameters + self.embedding_parameters + norms

    def lora_parameters(self, rank: int, targets: tuple[str, ...] = ALL_LINEAR) -> int:
        """Weights of an adapter: ``rank`` x (inputs + outputs) for each target (arXiv:2106.09685, section 4.1)."""
        shapes = self.linear_shapes()
        return self.layers * rank * sum(sum(shapes[name]) for name in targets if name in shapes)
