"""How much GPU memory a LoRA run needs at its peak, part by part.

The model counts tensors: what PyTorch's autograd keeps of a Llama block, after Korthikanti et al., "Reducing Activation
Recomputation in Large Transformer Models" (arXiv:2205.05198, section 4), redone for what LoRA adds (Hu et al.,
arXiv:2106.09685), for attention that keeps no score matrix (FlashAttention, arXiv:2205.14135), for NF4 weights with
double quantization (QLoRA, Dettmers et al., arXiv:2305.14314, section 3) and for full gradient checkpointing (Chen et
al., arXiv:1604.06174). Two figures are fitted to published measurements (docs/estimates.md): the share that the
caching allocator holds beyond what is in use, and the CUDA context.

Bytes throughout.
"""

from dataclasses import asdict, dataclass

from training.core.architecture import ALL_LINEAR, Architecture
from training.core.gpu_names import CPU, CUDA
from training.core.options import NF4, NO_QUANTIZATION

GIB = 1024**3
NF4_BYTES = 0.5 + (1 + 4 / 256) / 64
"""A weight in NF4: half a byte, and for each block of 64 one 8-bit constant, of which 256 share one in fp32
(arXiv:2305.14314, section 3, "double quantization": 0.127 bits a parameter)."""
ADAPTER_BYTES = 4
"""An adapter's weight, kept in fp32 whatever the base model's precision."""
GRADIENT_BYTES = 4
OPTIMIZER_BYTES = 8
"""AdamW's two moments in fp32."""
CONTEXT_BYTES = GIB
"""CUDA context with the libraries' kernels and workspaces, per process; ``nvidia-smi`` counts it, PyTorch does not."""
CPU_RESIDENT_BYTES = int(0.42 * GIB)
"""A trainer's process on a CPU before there is a model: Python and the libraries."""
CPU_FRAGMENTATION = 0.12
"""Held by the C library's allocator and not in use, as a share of what comes and goes."""
FRAGMENTATION = 0.3
"""Held by PyTorch's caching allocator and not in use, as a share of what comes and goes (activations and logits)."""
TOKENS_AT_ONCE = {CUDA: 16384, CPU: 2048}
"""Padded tokens that the trainer puts through in one pass, by device type, when no micro-batch size is chosen."""
NORM_BYTES = 4
"""A norm's input is kept in fp32 whatever the precision (transformers' RMSNorm)."""
SCORE_BYTES = 8
"""A score of soft-capped attention: the tanh's output and the weights in 16 bits, the softmax in fp32; or in fp32 the
tanh's and the softmax's output (transformers' ``eager_attention_forward``)."""
SCORE_GRADIENT_BYTES = 4
"""What passes back through such a score at once, beyond what is let go of meanwhile (measured, docs/estimates.md)."""
COMPUTE_BYTES = {"bf16": 2, "fp16": 2, "fp32": 4}
"""A figure in each precision that the trainer computes in."""
SHARED_INPUTS = {"q": "attention", "k": "attention", "v": "attention", "gate": "mlp", "up": "mlp"}
"""Linear layers of a block that read the same tensor."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What differs between training programs; the defaults are this product's trainer."""

    targets: tuple[str, ...] = ALL_LINEAR
    """Linear layers with an adapter."""
    logit_bytes: float = 12
    """Kept and needed at once for one logit: the fp32 log-softmax, its gradient and the loss's (PyTorch's
    ``cross_entropy`` on fp32 logits). 0 where the loss is computed in slices."""
    mask_bytes: int = 1
    """Of dropout's mask for one input: a byte on a GPU, a whole number on a CPU."""
    fused: bool = False
    """Kernels that keep neither a norm's fp32 input nor an activation's output (Liger, torch.compile)."""
    packed_bytes: float = NF4_BYTES
    """A weight in 4 bits."""
    packed_input_bytes: float = 0
    """Kept of one feature that goes into a linear layer in 4 bits, beside what the block keeps anyway: nothing since
    bitsandbytes 0.43 (``MatMul4Bit``; docs/estimates.md has what was measured)."""
    packed_head: bool = False
    """The output layer is in 4 bits as well."""


ON_CPU = Recipe(mask_bytes=4)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One process's share of a run. ``sequences`` go through together, each ``sequence_length`` tokens with padding."""

    sequences: int
    sequence_length: int
    rank: int
    dropout: bool = True
    """Whether the adapters have any."""
    quantization: str = NO_QUANTIZATION
    precision: str = "bf16"
    """A key of COMPUTE_BYTES; ``fitting.precision_on`` turns ``auto`` into one."""
    checkpointing: bool = False

    @property
    def tokens(self) -> int:
        """Tokens of one forward pass, padding included."""
        return self.sequences * self.sequence_length


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes on one GPU at the peak."""

    weights: int
    adapter: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    fragmentation: int
    context: int

    @property
    def allocated(self) -> int:
        """What ``torch.cuda.max_memory_allocated`` would say."""
        return self.weights + self.adapter + self.gradients + self.optimizer + self.activations + self.logits

    @property
    def reserved(self) -> int:
        """What ``torch.cuda.max_memory_reserved`` would say."""
        return self.allocated + self.fragmentation

    @property
    def peak(self) -> int:
        """What the card must have: ``nvidia-smi``'s figure."""
        return self.reserved + self.context

    def parts(self) -> dict[str, int]:
        """Bytes by field, adding up to the peak."""
        return asdict(self)


def predict(model: Architecture, setup: Setup, recipe: Recipe | None = None) -> Memory:
    """The peak of one process: weights and adapter, and the larger of its two crests.

    One crest is at the loss, where all kept activations and the logits are there; the other in the backward pass, with
    the kept activations and one block's own, recomputed when checkpointing. Activations are counted as kept plus
    one block's, logits as what they need beyond that.

    Args:
        model: the base model's dimensions.
        setup: what goes through at once, and how.
        recipe: the training program's; ``None``: this product's trainer on a GPU.

    Raises:
        KeyError: ``setup.precision`` is not in COMPUTE_BYTES.
    """
    recipe = recipe or Recipe()
    compute = COMPUTE_BYTES[setup.precision]
    adapter = model.lora_parameters(setup.rank, recipe.targets)
    kept, crest = _activation_bytes(model, setup, recipe, compute)
    at_loss = _loss_bytes(model, setup, recipe, compute)
    dynamic = kept + max(crest, at_loss)
    return Memory(
        weights=int(_weight_bytes(model, setup.quantization, recipe, compute)),
        adapter=ADAPTER_BYTES * adapter,
        gradients=GRADIENT_BYTES * adapter,
        optimizer=OPTIMIZER_BYTES * adapter,
        activations=int(kept + crest),
        logits=int(max(0, at_loss - crest)),
        fragmentation=int(FRAGMENTATION * dynamic),
        context=CONTEXT_BYTES,
    )


def resident_on_cpu(model: Architecture, setup: Setup) -> int:
    """The most bytes that a trainer's process holds in memory on a CPU (VmHWM, proc(5)).

    Fitted to runs of the bundled model (docs/estimates.md).
    """
    memory = predict(model, setup, ON_CPU)
    return int(memory.allocated + CPU_FRAGMENTATION * (memory.activations + memory.logits)) + CPU_RESIDENT_BYTES


def sequences_at_once(*, sequences: int, sequence_length: int, micro_batch_size: int | None) -> int:
    """How many conversations a GPU puts through together, at least 1.

    Args:
        sequences: conversations of one step on one GPU.
        sequence_length: tokens of the longest one.
        micro_batch_size: what was chosen; ``None``: as many of the longest ones as TOKENS_AT_ONCE allows.
    """
    wanted = micro_batch_size or max(1, TOKENS_AT_ONCE[CUDA] // sequence_length)
    return max(1, min(sequences, wanted))


def _weight_bytes(model: Architecture, quantization: str, recipe: Recipe, compute: int) -> float:
    """The base model's weights; NF4 packs the linear layers alone, and in some programs the output layer."""
    if quantization != NF4:
        return model.parameters * compute
    packed = model.linear_parameters
    whole = model.parameters - packed
    if recipe.packed_head:
        packed += model.head_parameters
        whole -= 0 if model.tied_embeddings else model.head_parameters
    return packed * recipe.packed_bytes + whole * compute


def _loss_bytes(model: Architecture, setup: Setup, recipe: Recipe, compute: int) -> float:
    """What is there for a while around the loss: of the logits, or of a packed output layer's weights, unpacked in fp16
    and then cast, beside the logits and their gradient."""
    capped = compute if model.soft_capped_logits and recipe.logit_bytes else 0
    of_logits = (recipe.logit_bytes + capped) * model.vocabulary * setup.tokens
    if setup.quantization != NF4 or not recipe.packed_head:
        return of_logits
    return max(of_logits, 2 * compute * (model.head_parameters + model.vocabulary * setup.tokens))


def _activation_bytes(model: Architecture, setup: Setup, recipe: Recipe, compute: int) -> tuple[float, float]:
    """Kept from the forward pass; and on top of it, for a while, in one block's backward pass.

    The latter holds one layer's weights unpacked where they are in NF4.
    """
    block = block_bytes_per_token(model, setup, recipe, compute) + _packed_bytes_per_token(model, setup, recipe)
    passing = _backward_bytes_per_token(model, setup, compute)
    kept, crest = model.layers * block * setup.tokens, float(passing * setup.tokens)
    if setup.checkpointing:
        kept = model.layers * compute * model.hidden_size * setup.tokens
        crest += block * setup.tokens
    if setup.quantization == NF4:
        crest += compute * max(inputs * outputs for inputs, outputs in model.linear_shapes().values())
    return kept, crest


def _packed_bytes_per_token(model: Architecture, setup: Setup, recipe: Recipe) -> float:
    """What layers in 4 bits keep of their inputs in one block, per token: of both normed inputs, of the attention's
    output and of the MLP's product."""
    if setup.quantization != NF4:
        return 0
    return recipe.packed_input_bytes * (2 * model.hidden_size + model.query_width + model.intermediate_size)


def block_bytes_per_token(model: Architecture, setup: Setup, recipe: Recipe, compute: int) -> int:
    """What autograd keeps of one block for the backward pass, per token, whatever the weights are packed in.

    Norms keep their input in fp32, attention its queries, keys, values and output, the MLP what its activation and its
    product need.

    Args:
        model: the base model's dimensions.
        setup: what goes through at once, and how.
        recipe: the training program's.
        compute: bytes of a figure in the precision that is computed in.
    """
    kept_of_inner = (3 if model.gated else 1) - (1 if recipe.fused and model.gated else 0)
    mlp = compute * kept_of_inner * model.intermediate_size
    norms = 0 if recipe.fused else NORM_BYTES * _normed_features(model)
    attention = _attention_bytes_per_token(model, setup, recipe, compute)
    return norms + attention + mlp + _lora_bytes_per_token(model, setup, recipe, compute)


def _normed_features(model: Architecture) -> int:
    """Features that one block's norms read of one token."""
    of_heads = model.query_width + model.kv_width if model.query_norms else 0
    return model.norms * model.hidden_size + of_heads


def _attention_bytes_per_token(model: Architecture, setup: Setup, recipe: Recipe, compute: int) -> int:
    """Queries, keys, values and output; keys and values once for each query where sequences are padded to one length.

    Where scores are soft-capped no kernel spares them: each head keeps its scores with all tokens of the sequence.
    """
    is_padded = setup.sequences > 1 and not recipe.fused
    is_repeated = is_padded or model.soft_capped_scores
    keys = max(model.query_width, model.kv_width) if is_repeated else model.kv_width
    scores = SCORE_BYTES * model.heads * setup.sequence_length if model.soft_capped_scores else 0
    return compute * (2 * model.query_width + 2 * keys) + scores


def _lora_bytes_per_token(model: Architecture, setup: Setup, recipe: Recipe, compute: int) -> int:
    """What autograd keeps of one block's linear layers, per token.

    A frozen layer keeps nothing of its input; a LoRA pair keeps it: with dropout one copy for each target, and
    dropout's mask; without, what targets share once, and nothing for "o", whose input attention keeps as its output.
    """
    shapes = model.linear_shapes()
    targets = [name for name in recipe.targets if name in shapes]
    if setup.dropout:
        return sum((compute + recipe.mask_bytes) * shapes[name][0] for name in targets)
    inputs = {SHARED_INPUTS.get(name, name): shapes[name][0] for name in targets if name != "o"}
    return compute * sum(inputs.values())


def _backward_bytes_per_token(model: Architecture, setup: Setup, compute: int) -> int:
    """Gradients that pass through one block at once, per token: of the MLP's inner width and of the residual stream; or
    of soft-capped scores."""
    of_scores = SCORE_GRADIENT_BYTES * model.heads * setup.sequence_length if model.soft_capped_scores else 0
    return max(compute * (2 * model.intermediate_size + 2 * model.hidden_size), of_scores)
