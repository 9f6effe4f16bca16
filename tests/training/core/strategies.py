"""Hypothesis strategies for the core's own types."""

from hypothesis import strategies as st

from training.core.architecture import Architecture
from training.core.beliefs import PastRun
from training.core.likeness import Conditions
from training.core.memory import Setup
from training.core.throughput import Chip, Workload

architectures = st.builds(
    Architecture,
    hidden_size=st.integers(64, 16384),
    layers=st.integers(1, 128),
    heads=st.integers(1, 128),
    kv_heads=st.integers(1, 128),
    head_size=st.sampled_from([32, 64, 128, 256]),
    intermediate_size=st.integers(64, 65536),
    vocabulary=st.integers(100, 300_000),
    tied_embeddings=st.booleans(),
    gated=st.booleans(),
    norms=st.sampled_from([1, 2, 4]),
    query_norms=st.booleans(),
    soft_capped_scores=st.booleans(),
    soft_capped_logits=st.booleans(),
)

setups = st.builds(
    Setup,
    sequences=st.integers(1, 64),
    sequence_length=st.integers(1, 131_072),
    rank=st.integers(4, 128),
    dropout=st.booleans(),
    quantization=st.sampled_from(["none", "nf4"]),
    precision=st.sampled_from(["bf16", "fp16", "fp32"]),
    checkpointing=st.booleans(),
)

conditions = st.builds(
    Conditions,
    model=st.sampled_from(["a", "b"]),
    parameters=st.integers(1_000_000, 100_000_000_000),
    tokens_at_once=st.floats(1, 131_072),
    sequence_length=st.floats(1, 131_072),
    rank=st.integers(4, 128),
    quantization=st.sampled_from(["none", "nf4"]),
    precision=st.sampled_from(["auto", "fp32"]),
    checkpointing=st.booleans(),
)

chips = st.builds(
    Chip,
    name=st.sampled_from(["A100-80GB", "T4"]),
    peak=st.floats(1e12, 1e16),
    peak_fp32=st.floats(1e12, 1e16),
    bandwidth=st.floats(1e10, 1e14),
    has_bf16=st.booleans(),
)

workloads = st.builds(
    Workload,
    model=architectures,
    sequences=st.integers(1, 64),
    sequence_length=st.floats(1, 131_072),
    rank=st.integers(4, 128),
    micro_batch_size=st.none() | st.integers(1, 64),
    dropout=st.booleans(),
    quantization=st.sampled_from(["none", "nf4"]),
    precision=st.sampled_from(["auto", "bf16", "fp16", "fp32"]),
    checkpointing=st.booleans(),
)

past_runs = st.builds(
    PastRun,
    hardware=st.sampled_from(["this", "that"]),
    conditions=conditions,
    throughput=st.none() | st.floats(1e-6, 1e6),
    start=st.none() | st.floats(0, 1e6),
    validation=st.none() | st.floats(0, 1e6),
    save=st.none() | st.floats(0, 1e6),
    memory=st.none() | st.floats(0.01, 100),
)
