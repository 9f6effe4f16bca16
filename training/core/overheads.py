"""The time around a run's training, from sizes: loading the model, evaluating, saving."""

from training.core.estimate import Overhead
from training.core.memory import ADAPTER_BYTES, OPTIMIZER_BYTES
from training.core.throughput import Workload

PROCESS_SECONDS = 15.0
"""A trainer's process until it loads the model: Python, PyTorch and PEFT, and the GPU's libraries."""
LOADED_BYTES_PER_SECOND = 1e9
"""From a local disk into a GPU's memory."""
STORED_BYTES = 2
"""Of a weight in a model's files, whatever it is computed in."""
SAVED_BYTES_PER_SECOND = 1.7e8
"""A checkpoint of 62.5 MB (SmolLM2-135M at rank 16) took 0.36 s."""
LEAST_SECONDS = 0.1
"""Of an evaluation or a checkpoint: files are opened, kernels are launched."""


def expected_overhead(
    work: Workload, *, parameters: int, evaluated_tokens: float, tokens_per_second: float, epochs: int
) -> Overhead:
    """Seconds of a run in which it does not train.

    Args:
        work: the model, and how it is trained.
        parameters: of the base model.
        evaluated_tokens: held out, put through forwards after each epoch.
        tokens_per_second: of training, of all GPUs together.
        epochs: each ends with an evaluation and a checkpoint.
    """
    evaluation = evaluated_tokens / (tokens_per_second * work.passes)
    checkpoint = (ADAPTER_BYTES + OPTIMIZER_BYTES) * work.adapter_parameters / SAVED_BYTES_PER_SECOND
    return Overhead(
        start=PROCESS_SECONDS + parameters * STORED_BYTES / LOADED_BYTES_PER_SECOND,
        validation=max(evaluation, LEAST_SECONDS) if evaluated_tokens else 0.0,
        save=epochs * max(checkpoint, LEAST_SECONDS),
    )
