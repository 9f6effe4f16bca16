"""Checkpoints on disk are whole, or not used."""

import json
import shutil

import pytest

from training.trainer import checkpoint
from training.trainer.errors import TrainingError

CONFIGURATION = {"rank": 8, "learning_rate": 0.001}


def save(directory, step, *, text="weights"):
    with checkpoint.writing(checkpoint.at(directory, step, CONFIGURATION)) as folder:
        (folder / "adapter").mkdir()
        (folder / "adapter" / "adapter_model.safetensors").write_text(f"{text} {step}")
        (folder / "state.pt").write_text(f"state {step}")


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_the_last_one_comes_back_and_all_but_two_are_pruned(tmp_path):
    assert checkpoint.newest(tmp_path) is None
    for step in (5, 10, 100):
        save(tmp_path, step)
    found = checkpoint.newest(tmp_path)
    assert (found.step, found.configuration) == (100, CONFIGURATION)
    assert (found.adapter / "adapter_model.safetensors").read_text() == "weights 100"
    assert names(tmp_path) == ["step-00000010", "step-00000100"]


def flip_a_bit(folder):
    path = folder / "adapter" / "adapter_model.safetensors"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


def cut_short(folder):
    (folder / "state.pt").write_text("st")


def lose_a_file(folder):
    (folder / "state.pt").unlink()


def lose_the_manifest(folder):
    (folder / "manifest.json").unlink()


def cut_the_manifest(folder):
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text[: len(text) // 2])


def swap_the_manifest(folder):
    shutil.copy(folder.parent / "step-00000005" / "manifest.json", folder / "manifest.json")


@pytest.mark.parametrize(
    "harm", [flip_a_bit, cut_short, lose_a_file, lose_the_manifest, cut_the_manifest, swap_the_manifest]
)
def test_a_damaged_one_is_passed_over_and_the_one_before_is_used(tmp_path, harm):
    save(tmp_path, 5)
    save(tmp_path, 10)
    harm(tmp_path / "step-00000010")
    damages = []
    assert checkpoint.newest(tmp_path, damages.append).step == 5
    (damage,) = damages
    assert "step 10 is damaged" in damage


def test_what_dead_attempts_left_is_removed_and_its_place_can_be_taken(tmp_path):
    save(tmp_path, 5)
    save(tmp_path, 10)
    cut_short(tmp_path / "step-00000010")
    (tmp_path / "draft-12").mkdir()
    checkpoint.discard_after(tmp_path, checkpoint.newest(tmp_path).step)
    assert names(tmp_path) == ["step-00000005"]
    save(tmp_path, 10)
    assert checkpoint.newest(tmp_path).step == 10


def test_a_failure_while_writing_leaves_the_one_before(tmp_path):
    save(tmp_path, 5)
    (tmp_path / "step-00000010").write_text("in the way of the renaming")
    with pytest.raises(OSError):
        save(tmp_path, 10)
    (tmp_path / "step-00000010").unlink()
    assert names(tmp_path) == ["step-00000005"]


def test_one_of_another_configuration_is_refused_by_what_differs(tmp_path):
    save(tmp_path, 5)
    saved = checkpoint.newest(tmp_path)
    checkpoint.require_configuration(saved, json.loads(json.dumps(CONFIGURATION)))
    with pytest.raises(TrainingError, match=r"learning rate was 0\.001 and is 0\.002") as caught:
        checkpoint.require_configuration(saved, CONFIGURATION | {"learning_rate": 0.002})
    assert caught.value.code == "checkpoint_mismatch"
    assert "rank" not in str(caught.value)
    with pytest.raises(TrainingError, match=r"model revision was not set and is v1\."):
        checkpoint.require_configuration(saved, CONFIGURATION | {"model_revision": "v1"})
