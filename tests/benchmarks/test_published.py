"""The published measurements: every row is used or says why not, whatever stands in it."""

import csv
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.published import memory
from benchmarks.published.models import MODELS, UnknownModel, find, key
from benchmarks.published.rows import DATA, PROGRAMS, read
from benchmarks.published.setups import LeftOut, training
from training.core.architecture import ALL_LINEAR

ROWS = read()
COLUMNS = DATA.read_text().splitlines()[0].split("\t")
KNOWN = sorted({row.model for row in ROWS})
cells = st.sampled_from(["", "OOM", "yes", "1", "2048", "-3", "1e400", "nan", "?", "40GB-class"]) | st.text(
    "aB7 .,-\t\"'\x00é℃\U0001f600", max_size=20
)


def row(**changes):
    """One that is used, but for what is changed."""
    usual = {"source": "Lightning-AI/litgpt:config_hub/finetune/README.md#x/lora.yaml", "model": "Llama 2 7B"}
    usual |= {"id": "litgpt-ch-99", "method": "lora", "gpu": "A10G-24GB", "gpu_count": "1", "micro_batch": "2"}
    return usual | {"seq_len": "512", "peak_mem_gb": "20.0"} | changes


def written(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_each_row_is_used_or_says_why_not():
    runs, left_out = memory.published(ROWS)
    assert {run.row.id for run in runs} | set(left_out) == {each.id for each in ROWS}
    assert all(left_out.values())


@given(st.dictionaries(st.sampled_from(COLUMNS), cells), st.sampled_from([*PROGRAMS, ""]), st.sampled_from(KNOWN))
def test_a_row_with_anything_in_it_is_used_or_says_why_not(tmp_path_factory, changes, source, model):
    path = tmp_path_factory.mktemp("rows") / "rows.tsv"
    rows = read(written(path, [row(source=source, model=model) | changes]))
    runs, left_out = memory.published(rows)
    assert bool(runs) != bool(left_out)
    assert all(run.predicted > 0 for run in runs)


def test_columns_may_be_missing(tmp_path):
    path = tmp_path / "rows.tsv"
    path.write_text("id\tsource\nx\tnobody\n")
    assert memory.published(read(path)) == ([], {"x": "no memory figure"})


@pytest.mark.parametrize("each", [each for each in ROWS if each.billions], ids=lambda each: each.id)
def test_a_known_models_dimensions_give_its_stated_number_of_parameters(each):
    try:
        model = find(each.model, each.billions)
    except UnknownModel as reason:
        assert "mixture of experts" in str(reason) or "encoder" in str(reason)  # noqa: PT017
    else:
        assert model.parameters / 1e9 == pytest.approx(each.billions, rel=0.045)  # falcon-7b: litgpt counts its head


@pytest.mark.parametrize(
    ("name", "billions", "known"),
    [
        ("meta-llama/Llama-2-7b-hf", None, "Llama 2 7B"),
        ("LLaMA2_13B-chat", None, "Llama 2 13B"),
        ("Meta-Llama-3-8B-Instruct", None, "Llama 3 8B"),
        ("meta-llama/Llama-3.2-3B", None, "Llama 3.2 3B"),
        ("h2oai/h2ogpt-4096-llama2-70b", None, "Llama 2 70B"),
        ("Qwen/Qwen2.5-14B-Instruct", None, "Qwen 2.5 14B"),
        ("Qwen2.5 7B", 7.62, "Qwen 2.5 7B"),
        ("google/gemma-2-9b-it", None, "Gemma 2 9B"),
        ("gemma-2b", 2.51, "Gemma 2B"),
        ("gemma-2b", 2.61, "Gemma 2 2B"),
        ("mistralai/Mistral-7B-Instruct-v0.3", None, "Mistral 7B"),
        ("mistralai/Mistral-Nemo-Instruct-2407", None, "Mistral Nemo"),
        ("Phi-3-medium-128k-instruct", None, "Phi 3 medium"),
        ("stabilityai/stablelm-base-alpha-3b", None, "StableLM Alpha 3B"),
        ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", None, "TinyLlama 1.1B"),
        ("mosaicml/mpt-30b", None, "MPT 30B"),
        ("codellama/CodeLlama-34b-Instruct-hf", None, "CodeLlama 34B"),
        ("somebody/llama-tuned", 8.03, "Llama 3 8B"),
    ],
)
def test_a_model_is_known_by_any_spelling(name, billions, known):
    assert find(name, billions) == MODELS[known]


@pytest.mark.parametrize("name", ["Mixtral-8x7B-v0.1", "Qwen3-30B-A3B", "bigscience/mt0-xxl", "somebody/something", ""])
def test_what_is_not_known_is_not_guessed(name):
    with pytest.raises(UnknownModel):
        find(name, 7.0)


def test_no_two_models_share_a_name():
    assert all(find(name) == model for name, model in MODELS.items())
    assert "" not in map(key, MODELS)


@pytest.mark.parametrize(
    ("id_", "targets", "rank"),
    [
        ("litgpt-rt-01", ("q", "v"), 8),
        ("litgpt-ch-03", ALL_LINEAR, 8),
        ("litgpt-ch-19", ("q", "v"), 32),
        ("litgpt-ch-24", ("q", "v"), 32),
        ("litgpt-ch-37", ALL_LINEAR, 32),
        ("peft-11", ("q", "v"), 64),
        ("peft-12", ("gate", "up", "down"), 10),
        ("fms-65", ("q", "k", "v", "o"), 16),
    ],
)
def test_layers_and_rank_are_those_of_the_sources_configuration(id_, targets, rank):
    found = training(next(each for each in ROWS if each.id == id_))
    assert (found.recipe.targets, found.setup.rank) == (targets, rank)


def test_what_is_stated_of_trained_weights_agrees():
    for each in ROWS:
        if "trainable=" in each.note and each.gpu_count == 1:
            found = training(each)
            weights = found.model.lora_parameters(found.setup.rank, found.recipe.targets)
            assert f"trainable={weights}" in each.note.replace(",", ""), each.id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "full"}, "not LoRA"),
        ({"seq_len": ""}, "not stated"),
        ({"source": "somebody's blog"}, "how this source trains"),
        ({"model": "Mixtral-8x7B"}, "mixture of experts"),
        ({"gpu_count": "4"}, "sharded"),
        ({"peak_mem_gb": ""}, "no memory figure"),
    ],
)
def test_why_a_row_is_left_out(tmp_path, changes, reason):
    (each,) = read(written(tmp_path / "rows.tsv", [row(**changes)]))
    with pytest.raises(LeftOut, match=reason):
        memory.usable(each)


def test_the_tables_are_printed_from_the_repositorys_root(pytestconfig):
    command = [sys.executable, "-m", "benchmarks.published.memory"]
    done = subprocess.run(command, cwd=pytestconfig.rootpath, capture_output=True, text=True, check=True)
    assert "| all | median" in done.stdout
