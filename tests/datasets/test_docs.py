"""The table of formats in docs/datasets.md says the truth."""

import json
import re

import pytest

from datasets.formats.shapes import PREFERENCE, SHAPES
from datasets.models import Dataset
from tests.datasets.corpus import CONTAINERS, read


def examples(root):
    table = (root / "docs" / "datasets.md").read_text().split("## Formats")[1].split("¹ In CSV")[0]
    rows = [line.split(" | ") for line in table.splitlines() if "`{" in line]
    return {row[0].strip("| "): json.loads(re.search(r"`(\{.*\})`", row[-1])[1]) for row in rows}


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_example_in_the_table_is_recognized_as_what_it_stands_for(tmp_path, pytestconfig, container):
    found = examples(pytestconfig.rootpath)
    assert list(found) == [shape.label for shape in SHAPES.values()]
    for number, (label, example) in enumerate(found.items()):
        path = tmp_path / f"{number}.{container}"
        path.write_bytes(CONTAINERS[container]([example]))
        chosen = {"shape": PREFERENCE} if label == SHAPES[PREFERENCE].label else {}
        (conversation,) = read(path, **chosen)
        assert conversation.pairs == 1


def test_the_models_formats_are_the_shapes():
    assert dict(Dataset._meta.get_field("format").flatchoices) == {key: shape.label for key, shape in SHAPES.items()}
