"""What the trainer reads: tokens that were made for its model, and nothing else."""

import json
import shutil

from tests.tokenized import tokenized
from tests.training.trainer.conftest import TRAINING_DIR, conversations, outside, run_beside, short
from training.trainer.protocol import EXIT_FAILED, EXIT_FINISHED, Data, Evaluation


def other_model(model, folder):
    """The same weights and tokenizer under another chat template."""
    shutil.copytree(model, folder)
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("You are a helpful assistant.", "You are of no help."))
    return folder


def test_tokens_of_another_template_are_refused_and_another_data_set_can_be_evaluated_on(
    make_spec, tiny_model, tmp_path
):
    other = other_model(tiny_model, tmp_path / "other")
    wrong = tokenized(conversations(20), other, tmp_path)
    (tmp_path / "held-out").mkdir()
    held_out = tokenized(conversations(5, seed=2), tiny_model, tmp_path / "held-out")
    mistaken, evaluated = run_beside(
        make_spec(dataset_path=str(wrong), run_dir=str(tmp_path / "a"), **short(2)),
        make_spec(evaluation_path=str(held_out), run_dir=str(tmp_path / "b"), **short(2)),
    )
    assert mistaken.process.returncode == EXIT_FAILED
    assert mistaken.end.code == "data_invalid"
    assert "another tokenizer or chat template" in mistaken.end.message

    assert evaluated.process.returncode == EXIT_FINISHED, evaluated.output
    (data,) = evaluated.of(Data)
    assert (data.conversations, data.train_pairs, data.evaluation_pairs) == (100, 120, 6)
    assert evaluated.of(Evaluation)


def test_the_seed_of_the_split_decides_what_is_held_out(base_spec):
    answer = outside(
        """
import json, sys
from dataclasses import replace
sys.path.insert(0, sys.argv[1])
from transformers import AutoTokenizer
from trainer.corpus import load_corpus
from trainer.protocol import JobSpec
spec = JobSpec.from_json(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(spec.model)
held_out = [
    [example.row for example in load_corpus(replace(spec, split_seed=seed), tokenizer, lambda event: None).held_out]
    for seed in (1, 1, 2)
]
print(json.dumps(held_out))
""",
        TRAINING_DIR,
        base_spec.to_json(),
    )
    first, again, other = json.loads(answer)
    assert first == again != other
