"""Where a base model lies: one rule for the catalogue, the tokenizing of data and the trainer."""

import json
from pathlib import Path

import pytest

from pipeline.base_models import ModelNotFound, Place

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB_ID = "acme/tiny-chat"


@pytest.fixture
def models(settings, tmp_path, monkeypatch):
    """A models directory, a folder elsewhere that is allowed, and a hub's cache with one commit of one model."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODEL_ROOTS = [tmp_path / "elsewhere"]
    cache = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    repository = cache / "models--acme--tiny-chat"
    snapshot = repository / "snapshots" / COMMIT
    for folder in (settings.MODELS_DIR / "tiny", tmp_path / "elsewhere", snapshot):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({"model_type": folder.name}))
        (folder / "tokenizer.json").write_text("{}")
        (folder / "model.safetensors").touch()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return tmp_path


def places(models):
    return {
        "in the models directory": (Place("tiny"), models / "models" / "tiny"),
        "at a path": (Place(str(models / "elsewhere")), models / "elsewhere"),
        "on the hub": (Place(HUB_ID), None),
        "on the hub, pinned": (Place(HUB_ID, COMMIT), None),
        "nowhere": (Place("missing"), None),
    }


@pytest.mark.parametrize("where", ["in the models directory", "at a path", "on the hub", "on the hub, pinned"])
def test_a_model_that_is_here_is_found_by_everybody(models, where):
    place, folder = places(models)[where]
    snapshot = models / "cache" / "models--acme--tiny-chat" / "snapshots" / COMMIT
    assert place.is_here
    assert place.folder == folder
    assert place.location == str(folder or HUB_ID)
    assert place.tokenizer_folder() == (folder or snapshot)
    assert place.config() == {"model_type": (folder or snapshot).name}


def test_a_hub_model_of_which_only_the_tokenizer_was_fetched_is_not_here(models):
    (models / "cache" / "models--acme--tiny-chat" / "snapshots" / COMMIT / "model.safetensors").unlink()
    assert not Place(HUB_ID).is_here
    assert Place(HUB_ID).tokenizer_folder()


@pytest.mark.parametrize(
    ("source", "is_hub_id"), [(HUB_ID, True), ("tiny", False), ("a/b/c", False), ("/models", False)]
)
def test_only_an_id_of_owner_and_name_can_be_fetched(source, is_hub_id):
    assert Place(source).is_hub_id == is_hub_id


@pytest.mark.parametrize("where", ["in the models directory", "at a path"])
def test_a_folder_has_no_revision(models, where):
    place, _ = places(models)[where]
    assert place.pinned() == place


@pytest.mark.parametrize("revision", ["", "main", COMMIT])
def test_a_hub_model_is_pinned_to_the_commit_that_is_here(models, revision):
    assert Place(HUB_ID, revision).pinned() == Place(HUB_ID, COMMIT)


@pytest.mark.parametrize("place", [Place("acme/other"), Place(HUB_ID, "f" * 40), Place("missing"), Place("a/b/c")])
def test_a_model_that_is_not_here_is_said_to_be_missing(models, place):
    assert not place.is_here
    with pytest.raises(ModelNotFound):
        place.config()


def outside(models):
    """A model that nobody has allowed, and ways to it."""
    secret = models / "secret"
    secret.mkdir()
    (secret / "config.json").write_text("{}")
    (models / "models" / "link").symlink_to(secret)
    (models / "models" / "loop").symlink_to("loop")
    (models / "elsewhere" / "link").symlink_to(secret)
    return secret


@pytest.mark.parametrize(
    "source",
    [
        "{models}/secret", "/", "/etc", "../secret", "../models/tiny", "tiny/../tiny", "..", "a/../../secret", "link",
        "{models}/elsewhere/link", "{models}/elsewhere/../secret", "{models}/elsewhere-not",
        "{models}/models/../secret",
    ],
)  # fmt: skip
def test_a_folder_that_nobody_has_allowed_is_not_read(models, source):
    outside(models)
    place = Place(source.format(models=models))
    assert not place.is_here
    assert place.folder is None
    for use in (place.tokenizer_folder, place.pinned, place.config, lambda: place.location):
        with pytest.raises(ModelNotFound, match="PIPELINE_MODEL_ROOTS"):
            use()


@pytest.mark.parametrize(
    "source", ["tiny", "{models}/models/tiny", "{models}/elsewhere", HUB_ID, "loop", "no/such/one"]
)
def test_what_is_allowed_is_not_refused(models, source):
    outside(models)
    assert Place(source.format(models=models)).refusal == ""


def test_the_operators_own_tokenizer_may_lie_anywhere(models, settings):
    secret = outside(models)
    settings.TOKENIZER = str(secret)
    assert Place(settings.TOKENIZER).tokenizer_folder() == secret


def test_a_link_to_a_folder_that_is_allowed_leads_there(models, settings):
    secret = outside(models)
    settings.MODEL_ROOTS = [secret]
    assert Place("link").is_here


def test_a_folder_named_like_a_hub_model_comes_first(models):
    folder = models / "models" / HUB_ID
    folder.mkdir(parents=True)
    assert Place(HUB_ID).folder == folder
    assert Place(HUB_ID).tokenizer_folder() == Path(folder)
