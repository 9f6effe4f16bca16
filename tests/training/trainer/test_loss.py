"""What an answer's weight does to the loss: it scales it, and the tokens are counted as before."""

import json
from dataclasses import replace

import pytest

from tests.training.trainer.conftest import TRAINING_DIR, outside

CODE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import torch
from transformers import AutoTokenizer
from trainer.data import part
from trainer.learner import Learner
from trainer.parallel import Processes
from trainer.protocol import JobSpec
from trainer.reading import read_contents
from trainer.windows import Window

spec = JobSpec.from_json(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(spec.model)
examples = read_contents(Path(spec.dataset_path), tokenizer, limit=1024, choice="split").examples
two = next(example for example in examples if example.pairs == 2)
spans = two.whole().spans

def weighted(*weights):
    return part(two, Window(0, 0, two.length, spans, weights))

def only(at):
    return part(two, Window(0, 0, two.length, spans[2 * at : 2 * at + 2]))

def learner():
    return Learner(spec, Processes(torch.device("cpu")), torch.float32, pad=0)

def evaluated(*examples):
    return learner().evaluate(list(examples), is_over=lambda: False)

def step(*examples):
    taken = learner().take_step(list(examples), step=1)
    return taken.loss, taken.gradient_norm

sums = [evaluated(only(at)) * only(at).trained for at in (0, 1)]
print(json.dumps({
    "sums": sums, "trained": two.trained, "plain": evaluated(two), "weighted": evaluated(weighted(0.5, 1.0)),
    "beside": evaluated(weighted(0.5, 1.0), examples[1]), "other": evaluated(examples[1]),
    "other_trained": examples[1].trained, "step": step(two), "halved": step(weighted(0.5, 0.5)),
    "ones": step(weighted(1.0, 1.0)),
}))
"""


def test_half_a_weight_halves_an_answers_part_of_loss_and_gradient(base_spec):
    spec = replace(base_spec, hyperparameters=base_spec.hyperparameters | {"dropout": 0.0})
    found = json.loads(outside(CODE, TRAINING_DIR, spec.to_json()).splitlines()[-1])
    first, second = found["sums"]
    assert found["plain"] == pytest.approx((first + second) / found["trained"], rel=1e-5)
    weighted = 0.5 * first + second
    assert found["weighted"] == pytest.approx(weighted / found["trained"], rel=1e-5)
    both = weighted + found["other"] * found["other_trained"]
    assert found["beside"] == pytest.approx(both / (found["trained"] + found["other_trained"]), rel=1e-5)
    assert found["halved"] == pytest.approx([figure / 2 for figure in found["step"]], rel=1e-5)
    assert found["ones"] == found["step"], "weights of 1 are not what no weights are, bit for bit"
