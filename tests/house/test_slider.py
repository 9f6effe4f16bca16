"""One slider's move: which of the product's files it crosses, and that it asks no disk."""

import os
import sys
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, ROOT
from training.core.presets import PRESETS
from training.models import BaseModel

pytestmark = pytest.mark.django_db

MOST_FILES = 56
"""Python files of the product, middleware, models, templates' filters and a job's name and tags included."""


@pytest.fixture
def move(signed_in, make_dataset):
    dataset = make_dataset(
        longest_tokens=890, length_histogram={"bounds": [1024], "counts": [900], "tokens": [200_000]}
    )
    values = {
        "dataset_id": str(dataset.pk), "base_model": BaseModel.objects.get(is_default=True).pk,
        "preset_id": "balanced", "gpu_type": "A100-80GB", "gpu_count": 2,
        **PRESETS["balanced"].hyperparameters.to_dict(),
    }  # fmt: skip

    def post(**changes):
        answer = signed_in.post("/training/configure/estimate", values | changes, headers={"HX-Request": "true"})
        assert "Total Estimated Cost" in answer.content.decode()

    post()  # templates and the place of the model are known from now on
    return post


def test_it_crosses_few_files(move):
    crossed = set()

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_name != "<module>":
            crossed.add(frame.f_code.co_filename)

    move(rank=12)  # what is remembered for some seconds alone is looked up now
    sys.setprofile(note)
    try:
        move(rank=20)
    finally:
        sys.setprofile(None)
    own = sorted(
        str(Path(file).relative_to(ROOT))
        for file in crossed
        if file.startswith(str(ROOT)) and Path(file).relative_to(ROOT).parts[0] in PACKAGES
    )
    print(f"\n  one slider's move crosses {len(own)} of the product's files:", *own, sep="\n    ")
    assert len(own) <= MOST_FILES


def test_it_asks_no_disk(move, monkeypatch):
    asked = []
    stat = os.stat

    def watched(path, *arguments, **options):
        asked.append(path)
        return stat(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", watched)
    move(rank=24)
    assert asked == []
