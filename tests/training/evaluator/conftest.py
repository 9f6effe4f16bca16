"""An adapter to evaluate, one that nothing was learned by, and the evaluator as its worker starts it."""

from dataclasses import asdict

import pytest

from tests.training.programs import Started
from tests.training.trainer.conftest import base_spec, changed, outside, whole  # noqa: F401 - fixtures
from training.evaluator.protocol import EvaluationSpec, decode

ZERO_STEPS = """
import sys
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
config = LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, target_modules="all-linear")
get_peft_model(AutoModelForCausalLM.from_pretrained(sys.argv[1]), config).save_pretrained(sys.argv[2])
"""


@pytest.fixture(scope="module")
def make_spec(base_spec, whole, tmp_path_factory):  # noqa: F811
    """An evaluation of the adapter that a whole run left, on a few more rows than that held out."""

    def make(**changes):
        values = {
            "run": asdict(changed(base_spec, evaluation_share=0.12)),
            "adapter_dir": whole.end.adapter_dir,
            "folder": str(tmp_path_factory.mktemp("evaluation")),
            "scores": ["exact_match", "token_f1", "rouge_l"],
            "max_new_tokens": 16,
        }
        return EvaluationSpec(**values | changes)

    return make


@pytest.fixture(scope="module")
def zero_steps(base_spec, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("zero")
    outside(ZERO_STEPS, base_spec.model, folder)
    return str(folder)


def start(spec):
    return Started("evaluator", spec, decode)


def evaluation(spec):
    """An evaluator that has ended."""
    program = start(spec)
    program.wait()
    return program
