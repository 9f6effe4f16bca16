"""Base and adapter on the held-out rows: the true base, the same settings, rows that are kept."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.training.evaluator.conftest import evaluation, start
from tests.training.programs import as_program
from tests.training.trainer.conftest import TRAINING_DIR, changed, outside
from training.core.answer_words import exact_match, token_f1
from training.core.rouge import rouge_l
from training.evaluator.protocol import EvaluationStopped, Row
from training.trainer import protocol

NEVER_WRAPPED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer
from trainer.corpus import read_split
from trainer.protocol import JobSpec
run = JobSpec.from_json(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(run.model)
model = AutoModelForCausalLM.from_pretrained(run.model).eval()
for example in read_split(run, tokenizer)[1]:
    ids, labels = torch.tensor([example.ids]), torch.tensor(example.labels)
    start = example.whole().spans[-2]
    with torch.no_grad():
        loss = cross_entropy(model(input_ids=ids).logits[0, :-1].float(), labels[1:], ignore_index=-100)
        said = model.generate(
            input_ids=ids[:, :start], attention_mask=torch.ones(1, start, dtype=int), do_sample=False,
            max_new_tokens=16, eos_token_id=tokenizer.eos_token_id,
        )
    answer = tokenizer.decode(said[0, start:], skip_special_tokens=True).strip()
    print(json.dumps({"line": example.line, "loss": loss.item(), "answer": answer}))
"""

REFUSED = """
import json
from training.evaluator.protocol import EvaluationSpec
from training.evaluator.scoring import scores_of
from training.trainer.errors import TrainingError
reasons = []
for text in json.loads(sys.argv[1]):
    try:
        scores_of(EvaluationSpec.from_json(text))
    except TrainingError as error:
        reasons.append(str(error))
print(json.dumps(reasons))
"""


@pytest.fixture(scope="module")
def done(make_spec):
    spec = make_spec()
    return spec, evaluation(spec)


def test_every_held_out_row_is_told_of_with_answers_and_scores_of_both(done, base_spec):
    _, program = done
    assert program.process.returncode == protocol.EXIT_FINISHED, program.output
    rows = program.of(Row)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) == rows[0].of == program.end.rows > 10
    assert len({row.line for row in rows}) == len(rows)
    said = Path(base_spec.dataset_path).parents[1] / "data.jsonl"
    lines = said.read_text().splitlines()
    for row in rows:
        assert row.reference == json.loads(lines[row.line - 1])["messages"][-1]["content"]
        for side in (row.base, row.adapter):
            assert side["scores"] == {
                "exact_match": exact_match(side["answer"], row.reference),
                "token_f1": token_f1(side["answer"], row.reference),
                "rouge_l": rouge_l(side["answer"], row.reference),
            }


def test_an_adapter_that_learned_is_better_by_its_loss_with_an_interval(done):
    _, program = done
    loss = program.end.totals["loss"]
    rows = program.of(Row)
    tokens = sum(row.tokens for row in rows)
    assert loss["adapter"] == pytest.approx(sum(row.adapter["loss"] * row.tokens for row in rows) / tokens)
    assert loss["low"] < loss["difference"] < loss["high"] < 0
    assert loss["verdict"] == "better than the base"
    assert program.end.adapter_perplexity == pytest.approx(math.exp(loss["adapter"]))
    assert set(program.end.totals) == {"loss", "exact_match", "token_f1", "rouge_l"}


def test_the_base_is_the_model_that_was_never_wrapped(done):
    spec, program = done
    run = json.dumps(spec.run)
    plain = [json.loads(line) for line in outside(NEVER_WRAPPED, TRAINING_DIR, run).splitlines()]
    found = {row.line: row.base for row in program.of(Row)}
    assert len(plain) == len(found)
    for row in plain:
        assert found[row["line"]]["loss"] == pytest.approx(row["loss"], rel=1e-6)
        assert found[row["line"]]["answer"] == row["answer"]


def test_an_adapter_of_no_steps_is_no_better_than_the_base(make_spec, zero_steps):
    program = evaluation(make_spec(adapter_dir=zero_steps, temperature=0.8, top_p=0.9))
    assert program.process.returncode == protocol.EXIT_FINISHED, program.output
    assert {total["verdict"] for total in program.end.totals.values()} == {"no better than the base"}
    for row in program.of(Row):
        assert row.adapter == row.base
    assert len({row.base["answer"] for row in program.of(Row)}) > 1


def test_stopped_between_rows_it_goes_on_after_them_and_comes_to_the_same(done, make_spec):
    _, whole = done
    spec = make_spec()
    first = start(spec)
    first.read_until(Row)
    first.process.terminate()
    assert first.wait() == protocol.EXIT_STOPPED, first.output
    assert isinstance(first.end, EvaluationStopped)
    rows = first.of(Row)
    assert first.end.rows == len(rows) < whole.end.rows
    with (Path(spec.folder) / "rows.jsonl").open("a") as file:
        file.write('{"kind": "row", "line": 3, "nu')  # what a crash in mid-line leaves
    second = evaluation(spec)
    assert [row.line for row in rows + second.of(Row)] == [row.line for row in whole.of(Row)]
    assert second.end.totals == whole.end.totals


def test_it_ends_with_its_worker(make_spec):
    program = start(make_spec())
    program.read_until(protocol.Stage)
    program.process.stdin.close()
    assert program.wait() < 0


def test_what_cannot_be_measured_is_refused_in_words(make_spec):
    wrong = [
        {"scores": ["pattern"], "pattern": "("},
        {"scores": ["json_schema"], "json_schema": {"type": "objekt"}},
        {"scores": ["bleu"]},
    ]
    reasons = json.loads(as_program(REFUSED, json.dumps([make_spec(**changes).to_json() for changes in wrong])))
    assert [word in reason for word, reason in zip(("pattern", "JSON schema", "bleu"), reasons, strict=True)] == [
        True
    ] * 3


def test_without_held_out_rows_there_is_nothing_to_measure(make_spec, base_spec):
    program = evaluation(make_spec(run=asdict(changed(base_spec, evaluation_share=0.0))))
    assert (program.process.returncode, program.end.code) == (protocol.EXIT_FAILED, "nothing_held_out")
