"""What is said of a batch size before a run."""

import pytest

from training.core.notices import BATCH_BELOW_GPUS, BATCH_EXCEEDS_DATA, notices_for


@pytest.mark.parametrize(
    ("batch_size", "gpu_count", "pairs", "codes"),
    [
        (4, 2, 1000, []),
        (4, 4, 4, []),
        (64, 1, 65, []),
        (64, 1, 64, []),
        (64, 1, 63, [BATCH_EXCEEDS_DATA]),
        (64, 1, 1, [BATCH_EXCEEDS_DATA]),
        (64, 1, None, []),
        (64, 1, 0, []),
        (4, 8, 1000, [BATCH_BELOW_GPUS]),
        (1, 2, None, [BATCH_BELOW_GPUS]),
        (2, 8, 1, [BATCH_EXCEEDS_DATA, BATCH_BELOW_GPUS]),
    ],
)
def test_what_is_said(batch_size, gpu_count, pairs, codes):
    assert [one.code for one in notices_for(batch_size=batch_size, gpu_count=gpu_count, pairs=pairs)] == codes


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((64, 1, 27), "each epoch is one step of at most 27 pairs."),
        ((64, 1, 1), "each epoch is one step of 1 pair."),
        ((4, 8, 1000), "Batch size 4 on 8 GPUs: 4 of them would have nothing to do."),
    ],
)
def test_it_says_how_many(values, words):
    [found] = notices_for(**dict(zip(("batch_size", "gpu_count", "pairs"), values, strict=True)))
    assert words in found.message
