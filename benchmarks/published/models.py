"""Dimensions of the models that published measurements are of, from their ``config.json``, and how to find one by name.

Sources write one model in many ways ("Llama 2 7B", "LLaMA2-7B", "NousResearch/Llama-2-7b-hf"); letters and digits of
the name decide, and where those fit no model of that size, the family and the number of parameters.
"""

import re
from dataclasses import replace

from training.core.architecture import Architecture

SAME = 0.01
"""Models of one family whose numbers of parameters are this close are one."""
NAMED = 0.03
"""A name's model is taken at its word where the stated number of parameters is this close; else a closer one counts."""
LIKE = 0.1
"""The most that a name's model may differ: some sources leave out the embedding, or count it twice."""
NOISE = re.compile(
    r"h2ogpt-\d+|meta-(?=llama)|open-(?=llama)|deepseek-r1-distill|intermediate-step.*|v0\.[0-9]|(?<![a-z0-9.])"
    r"(hf|instruct|chat|base|it|pt|[0-9]+k|\d{4}|fp16|bf16|[48]bit|gptq|awq|bnb|unsloth)(?![a-z0-9.])"
)
"""Parts of a name that say nothing of dimensions."""
SPARSE = re.compile(r"mixtral|\d+x\d+b|moe|-a\d+b|dbrx|deepseek-v[23]|gpt-oss", re.IGNORECASE)
ENCODERS = re.compile(r"t0|t5|bart|bert|whisper", re.IGNORECASE)


def dims(
    hidden: int,
    layers: int,
    heads: int,
    kv_heads: int,
    head: int,
    inner: int,
    vocabulary: int,
    *,
    tied: bool = False,
    gated: bool = True,
    norms: int = 2,
) -> Architecture:
    """An Architecture on one line."""
    return Architecture(
        hidden_size=hidden,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_size=head,
        intermediate_size=inner,
        vocabulary=vocabulary,
        tied_embeddings=tied,
        gated=gated,
        norms=norms,
    )


def plain(hidden: int, layers: int, heads: int, vocabulary: int, *, tied: bool = False, norms: int = 2) -> Architecture:
    """A block as GPT-2's: all heads with their own keys, an ungated MLP of four times the width."""
    head = hidden // heads
    return dims(hidden, layers, heads, heads, head, 4 * hidden, vocabulary, tied=tied, gated=False, norms=norms)


def gemma2(hidden: int, layers: int, heads: int, kv_heads: int, head: int, inner: int) -> Architecture:
    """Four norms, capped scores and logits."""
    model = dims(hidden, layers, heads, kv_heads, head, inner, 256000, tied=True, norms=4)
    return replace(model, soft_capped_scores=True, soft_capped_logits=True)


def gemma3(hidden: int, layers: int, heads: int, kv_heads: int, head: int, inner: int) -> Architecture:
    """Four norms, and queries and keys normed."""
    return replace(dims(hidden, layers, heads, kv_heads, head, inner, 262144, tied=True, norms=4), query_norms=True)


def qwen3(hidden: int, layers: int, heads: int, inner: int, *, tied: bool = False) -> Architecture:
    """Queries and keys normed."""
    return replace(dims(hidden, layers, heads, 8, 128, inner, 151936, tied=tied), query_norms=True)


LLAMA1_7B = dims(4096, 32, 32, 32, 128, 11008, 32000)
LLAMA1_13B = dims(5120, 40, 40, 40, 128, 13824, 32000)
LLAMA2_70B = dims(8192, 80, 64, 8, 128, 28672, 32000)
LLAMA3_8B = dims(4096, 32, 32, 8, 128, 14336, 128256)
LLAMA3_70B = dims(8192, 80, 64, 8, 128, 28672, 128256)
MISTRAL_7B = dims(4096, 32, 32, 8, 128, 14336, 32000)
PHI3_MINI = dims(3072, 32, 32, 32, 96, 8192, 32064)
STABLELM_3B = dims(2560, 32, 32, 32, 80, 6912, 50304)
MODELS = {
    "Llama 7B": LLAMA1_7B,
    "Llama 13B": LLAMA1_13B,
    "Llama 30B": dims(6656, 60, 52, 52, 128, 17920, 32000),
    "Llama 65B": dims(8192, 80, 64, 64, 128, 22016, 32000),
    "Llama 3B": dims(3200, 26, 32, 32, 100, 8640, 32000),
    "Llama 2 7B": LLAMA1_7B,
    "Llama 2 13B": LLAMA1_13B,
    "Llama 2 70B": LLAMA2_70B,
    "Llama 3 8B": LLAMA3_8B,
    "Llama 3 70B": LLAMA3_70B,
    "Llama 3.1 8B": LLAMA3_8B,
    "Llama 3.1 70B": LLAMA3_70B,
    "Llama 3.1 405B": dims(16384, 126, 128, 8, 128, 53248, 128256),
    "Llama 3.2 1B": dims(2048, 16, 32, 8, 64, 8192, 128256, tied=True),
    "Llama 3.2 3B": dims(3072, 28, 24, 8, 128, 8192, 128256, tied=True),
    "Llama 3.3 70B": LLAMA3_70B,
    "TinyLlama": dims(2048, 22, 32, 4, 64, 5632, 32000),
    "TinyLlama 1.1B": dims(2048, 22, 32, 4, 64, 5632, 32000),
    "CodeLlama 7B": dims(4096, 32, 32, 32, 128, 11008, 32016),
    "CodeLlama 13B": dims(5120, 40, 40, 40, 128, 13824, 32016),
    "CodeLlama 34B": dims(8192, 48, 64, 8, 128, 22016, 32000),
    "CodeLlama 70B": LLAMA2_70B,
    "Vicuna 7B": LLAMA1_7B,
    "Vicuna 13B": LLAMA1_13B,
    "Mistral 7B": MISTRAL_7B,
    "Zephyr 7B": MISTRAL_7B,
    "Mistral Nemo": dims(5120, 40, 32, 8, 128, 14336, 131072),
    "Mistral Small 24B": dims(5120, 40, 32, 8, 128, 32768, 131072),
    "Gemma 2B": dims(2048, 18, 8, 1, 256, 16384, 256000, tied=True),
    "Gemma 7B": dims(3072, 28, 16, 16, 256, 24576, 256000, tied=True),
    "CodeGemma 7B": dims(3072, 28, 16, 16, 256, 24576, 256000, tied=True),
    "Gemma 2 2B": gemma2(2304, 26, 8, 4, 256, 9216),
    "Gemma 2 9B": gemma2(3584, 42, 16, 8, 256, 14336),
    "Gemma 2 27B": gemma2(4608, 46, 32, 16, 128, 36864),
    "Gemma 3 1B": gemma3(1152, 26, 4, 1, 256, 6912),
    "Gemma 3 4B": gemma3(2560, 34, 8, 4, 256, 10240),
    "Gemma 3 12B": gemma3(3840, 48, 16, 8, 256, 15360),
    "Gemma 3 27B": gemma3(5376, 62, 32, 16, 128, 21504),
    "Phi 1": plain(2048, 24, 32, 51200, norms=1),
    "Phi 1.5": plain(2048, 24, 32, 51200, norms=1),
    "Phi 1.5 1.3B": plain(2048, 24, 32, 51200, norms=1),
    "Phi 2": plain(2560, 32, 32, 51200, norms=1),
    "Phi 2 2.7B": plain(2560, 32, 32, 51200, norms=1),
    "Phi 3": PHI3_MINI,
    "Phi 3 mini": PHI3_MINI,
    "Phi 3.5 mini": PHI3_MINI,
    "Phi 3 medium": dims(5120, 40, 40, 10, 128, 17920, 32064),
    "Phi 4": dims(5120, 40, 40, 10, 128, 17920, 100352),
    "Phi 4 mini": dims(3072, 32, 24, 8, 128, 8192, 200064, tied=True),
    "Qwen 7B": dims(4096, 32, 32, 32, 128, 11008, 151936),
    "Qwen 14B": dims(5120, 40, 40, 40, 128, 13696, 152064),
    "Qwen 1.5 7B": dims(4096, 32, 32, 32, 128, 11008, 151936),
    "Qwen 1.5 14B": dims(5120, 40, 40, 40, 128, 13696, 152064),
    "Qwen 2 0.5B": dims(896, 24, 14, 2, 64, 4864, 151936, tied=True),
    "Qwen 2 1.5B": dims(1536, 28, 12, 2, 128, 8960, 151936, tied=True),
    "Qwen 2 7B": dims(3584, 28, 28, 4, 128, 18944, 152064),
    "Qwen 2 72B": dims(8192, 80, 64, 8, 128, 29568, 152064),
    "Qwen 2.5 0.5B": dims(896, 24, 14, 2, 64, 4864, 151936, tied=True),
    "Qwen 2.5 1.5B": dims(1536, 28, 12, 2, 128, 8960, 151936, tied=True),
    "Qwen 2.5 3B": dims(2048, 36, 16, 2, 128, 11008, 151936, tied=True),
    "Qwen 2.5 7B": dims(3584, 28, 28, 4, 128, 18944, 152064),
    "Qwen 2.5 14B": dims(5120, 48, 40, 8, 128, 13824, 152064),
    "Qwen 2.5 32B": dims(5120, 64, 40, 8, 128, 27648, 152064),
    "Qwen 2.5 72B": dims(8192, 80, 64, 8, 128, 29568, 152064),
    "Qwen 3 0.6B": qwen3(1024, 28, 16, 3072, tied=True),
    "Qwen 3 1.7B": qwen3(2048, 28, 16, 6144, tied=True),
    "Qwen 3 4B": qwen3(2560, 36, 32, 9728, tied=True),
    "Qwen 3 8B": qwen3(4096, 36, 32, 12288),
    "Qwen 3 14B": qwen3(5120, 40, 40, 17408),
    "Qwen 3 32B": qwen3(5120, 64, 64, 25600),
    "Baichuan 7B": dims(4096, 32, 32, 32, 128, 11008, 64000),
    "Baichuan 13B": dims(5120, 40, 40, 40, 128, 13696, 64000),
    "Baichuan 2 7B": dims(4096, 32, 32, 32, 128, 11008, 125696),
    "Baichuan 2 13B": dims(5120, 40, 40, 40, 128, 13696, 125696),
    "Yi 6B": dims(4096, 32, 32, 4, 128, 11008, 64000),
    "Yi 34B": dims(7168, 60, 56, 8, 128, 20480, 64000),
    "Falcon 7B": dims(4544, 32, 71, 1, 64, 18176, 65024, tied=True, gated=False, norms=1),
    "Falcon 40B": dims(8192, 60, 128, 8, 64, 32768, 65024, tied=True, gated=False),
    "Falcon 180B": dims(14848, 80, 232, 8, 64, 59392, 65024, tied=True, gated=False),
    "StableLM Alpha 3B": plain(4096, 16, 32, 50688),
    "StableLM Alpha 7B": plain(6144, 16, 48, 50432),
    "StableLM 3B": STABLELM_3B,
    "StableLM 3B 4e1t": STABLELM_3B,
    "StableLM Zephyr 3B": STABLELM_3B,
    "StableLM 2 1.6B": dims(2048, 24, 32, 32, 64, 5632, 100352),
    "StableLM 2 12B": dims(5120, 40, 32, 8, 160, 13824, 100352),
    "Pythia 70M": plain(512, 6, 8, 50304),
    "Pythia 160M": plain(768, 12, 12, 50304),
    "Pythia 410M": plain(1024, 24, 16, 50304),
    "Pythia 1B": plain(2048, 16, 8, 50304),
    "Pythia 1.4B": plain(2048, 24, 16, 50304),
    "Pythia 2.8B": plain(2560, 32, 32, 50304),
    "Pythia 6.9B": plain(4096, 32, 32, 50432),
    "Pythia 12B": plain(5120, 36, 40, 50688),
    "GPT NeoX 20B": plain(6144, 44, 64, 50432),
    "GPT J 6B": plain(4096, 28, 16, 50400, norms=1),
    "PowerLM 3B": dims(2304, 40, 36, 36, 64, 9216, 49152, tied=True),
    "Granite 3B Code": dims(2560, 32, 32, 32, 80, 10240, 49152, tied=True),
    "Granite 8B Code": dims(4096, 36, 32, 8, 128, 14336, 49152, tied=True),
    "Granite 20B Code": dims(6144, 52, 48, 1, 128, 24576, 49152, tied=True, gated=False),
    "Granite 34B Code": dims(6144, 88, 48, 1, 128, 24576, 49152, tied=True, gated=False),
    "Granite 3.0 2B": dims(2048, 40, 32, 8, 64, 8192, 49155, tied=True),
    "Granite 3.0 8B": dims(4096, 40, 32, 8, 128, 12800, 49155, tied=True),
    "Granite 3.1 2B": dims(2048, 40, 32, 8, 64, 8192, 49155, tied=True),
    "Granite 3.1 8B": dims(4096, 40, 32, 8, 128, 12800, 49155, tied=True),
    "SmolLM2 135M": dims(576, 30, 9, 3, 64, 1536, 49152, tied=True),
    "SmolLM2 360M": dims(960, 32, 15, 5, 64, 2560, 49152, tied=True),
    "SmolLM2 1.7B": dims(2048, 24, 32, 32, 64, 8192, 49152, tied=True),
    "SmolLM3 3B": dims(2048, 36, 16, 4, 128, 11008, 128256, tied=True),
    "MPT 125M": plain(768, 12, 12, 50368, tied=True),
    "MPT 350M": plain(1024, 24, 16, 50368, tied=True),
    "MPT 760M": plain(1536, 24, 12, 50368, tied=True),
    "MPT 1B": plain(2048, 24, 16, 50368, tied=True),
    "MPT 3B": plain(2560, 32, 20, 50368, tied=True),
    "MPT 7B": plain(4096, 32, 32, 50368, tied=True),
    "MPT 13B": plain(5120, 40, 40, 50368, tied=True),
    "MPT 30B": plain(7168, 48, 56, 50368, tied=True),
    "MPT 70B": plain(8192, 80, 64, 50368, tied=True),
    "BLOOM 560M": plain(1024, 24, 16, 250880, tied=True),
    "BLOOM 1B7": plain(2048, 24, 16, 250880, tied=True),
    "BLOOM 3B": plain(2560, 30, 32, 250880, tied=True),
    "BLOOM 7B1": plain(4096, 30, 32, 250880, tied=True),
    "BLOOMZ 7B1": plain(4096, 30, 32, 250880, tied=True),
    "BLOOM 176B": plain(14336, 70, 112, 250880, tied=True),
    "OPT 1.3B": plain(2048, 24, 32, 50272, tied=True),
    "OPT 2.7B": plain(2560, 32, 32, 50272, tied=True),
    "OPT 6.7B": plain(4096, 32, 32, 50272, tied=True),
    "OPT 13B": plain(5120, 40, 40, 50272, tied=True),
    "OPT 30B": plain(7168, 48, 56, 50272, tied=True),
}


class UnknownModel(LookupError):
    """Nobody has written down the model's dimensions; the message says what of it is known."""


def find(name: str, billions: float | None = None) -> Architecture:
    """The model that a source calls ``name``.

    Args:
        name: with or without organisation, in any spelling.
        billions: of parameters, where they are stated; they decide between models of one name.

    Raises:
        UnknownModel: it is no dense decoder, or none of those in MODELS.
    """
    if SPARSE.search(name):
        raise UnknownModel("a mixture of experts")
    if ENCODERS.search(name):
        raise UnknownModel("a model with an encoder")
    named = _BY_KEY.get(key(name))
    if named is not None and (billions is None or _is_near(named, billions, NAMED)):
        return named
    if billions is not None:
        closer = [model for model in _family(name) if _is_near(model, billions, SAME)]
        if closer:
            return closer[0]
        if named is not None and _is_near(named, billions, LIKE):
            return named
    raise UnknownModel(f"the dimensions of {name} are not written down")


def key(name: str) -> str:
    """Letters and digits that tell a model: "meta-llama/Llama-2-7b-hf" and "Llama 2 7B" are both "llama27b"."""
    spelled = re.sub(r"(?<=-\d)_(?=\d)", ".", name.rsplit("/", 1)[-1].strip().lower())
    bare = NOISE.sub("", re.sub(r"[\s_]+", "-", spelled))
    return re.sub(r"[^a-z0-9]", "", re.sub(r"(?<=\d)\.(?=\d)", "point", bare))


def _family(name: str) -> list[Architecture]:
    """Models whose name's first letters the name begins with."""
    spelled = key(name)
    return [model for known, model in _BY_KEY.items() if spelled.startswith(re.sub(r"\d.*", "", known))]


def _is_near(model: Architecture, billions: float, tolerance: float) -> bool:
    return abs(model.parameters - 1e9 * billions) <= tolerance * model.parameters


_BY_KEY = {key(name): model for name, model in MODELS.items()}
