"""The bundled model with an adapter of a few steps: its exports are verified."""

import os
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.tokenized import tokenized
from tests.training.exporter.conftest import exported
from tests.training.trainer.conftest import changed, conversations, run, short
from training.core.fidelity import GGUF_F16, GGUF_LORA, GGUF_Q8_0, MERGED

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(base_spec, tmp_path_factory):
    model = Path(os.environ["PIPELINE_MODELS_DIR"]) / "SmolLM2-135M-Instruct"
    if not model.is_dir():
        pytest.skip(f"the bundled model is not in {model}: run make install")
    folder = tmp_path_factory.mktemp("bundled")
    data = str(tokenized(conversations(40), model, folder))
    changes = {"model": str(model), "dataset_path": data, "run_dir": str(folder / "run"), "evaluation_share": 0.2}
    spec = changed(base_spec, **changes, batch_size=2, learning_rate=5e-4, **short(3))
    trainer = run(spec)
    return spec, trainer.end.adapter_dir


@pytest.mark.parametrize("kind", [MERGED, GGUF_LORA, GGUF_F16, GGUF_Q8_0])
def test_its_exports_are_verified(trained, make_spec, kind):
    spec, adapter = trained
    program = exported(make_spec(run=asdict(spec), adapter_dir=adapter, kind=kind, most_prompts=6, most_new_tokens=16))
    assert program.end.verdict == "verified", program.output
