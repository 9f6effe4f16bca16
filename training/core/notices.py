"""What is worth knowing of a run's batch size before it starts. Nothing of it is refused: presets may be so."""

from dataclasses import dataclass

BATCH_EXCEEDS_DATA = "batch_exceeds_data"
BATCH_BELOW_GPUS = "batch_below_gpus"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A code for programs, and a sentence for people."""

    code: str
    message: str


def notices_for(*, batch_size: int, gpu_count: int, pairs: int | None) -> list[Notice]:
    """What to say of a run; nothing where all is as one would expect.

    Args:
        batch_size: training pairs a step, over all GPUs.
        gpu_count: GPUs that share a step.
        pairs: of the data set; ``None`` and 0 both mean "not known".
    """
    found = []
    if pairs and batch_size > pairs:
        number = f"at most {pairs} pairs" if pairs > 1 else "1 pair"
        text = f"The batch holds more than the data set: each epoch is one step of {number}."
        found.append(Notice(code=BATCH_EXCEEDS_DATA, message=text))
    if batch_size < gpu_count:
        text = (
            f"Batch size {batch_size} on {gpu_count} GPUs: {gpu_count - batch_size} of them would have nothing to do. "
            "Choose fewer GPUs or a larger batch."
        )
        found.append(Notice(code=BATCH_BELOW_GPUS, message=text))
    return found
