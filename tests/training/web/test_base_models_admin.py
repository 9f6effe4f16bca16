"""The catalogue of base models in the admin: dimensions read from config.json, or entered."""

import json

import pytest

from pipeline.base_models import Place
from training.estimates.dimensions import DimensionsUnknown, read_dimensions
from training.models import BaseModel

pytestmark = pytest.mark.django_db

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 500,
}
ADD = "/admin/training/basemodel/add/"


@pytest.fixture
def model_folder(tmp_path, settings):
    settings.MODELS_DIR = tmp_path
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return folder


def add(client, **values):
    return client.post(ADD, {"name": "tiny", "source": "tiny", "license": "mit", "architecture": "null"} | values)


def test_every_family_is_on_offer_with_its_dimensions():
    families = {model.family for model in BaseModel.objects.all()}
    assert families == {"SmolLM2", "Qwen", "Llama", "Mistral", "Gemma", "Phi"}
    assert all(model.dimensions for model in BaseModel.objects.all())


@pytest.mark.parametrize("as_path", [False, True], ids=["folder in the models directory", "absolute path"])
def test_what_is_left_empty_is_read_from_the_config(admin_client, model_folder, as_path):
    answer = add(admin_client, source=str(model_folder) if as_path else "tiny")
    assert answer.status_code == 302
    model = BaseModel.objects.get(name="tiny")
    assert model.dimensions.layers == 2
    assert model.parameters == model.dimensions.parameters


def test_figures_that_were_entered_stay(admin_client, model_folder):
    add(admin_client, parameters="1234")
    model = BaseModel.objects.get(name="tiny")
    assert model.parameters == 1234
    assert model.dimensions.layers == 2


def test_a_model_that_is_not_here_needs_its_size_entered(admin_client, model_folder):
    answer = add(admin_client, source="org/elsewhere")
    assert answer.status_code == 200
    assert "HF_HUB_OFFLINE" in answer.content.decode()
    assert add(admin_client, source="org/elsewhere", parameters="1000").status_code == 302
    assert BaseModel.objects.get(name="tiny").architecture is None


def test_a_mixture_of_experts_is_never_stored_as_a_dense_model(admin_client, model_folder):
    config = json.loads((model_folder / "config.json").read_text()) | {"num_local_experts": 8}
    (model_folder / "config.json").write_text(json.dumps(config))
    assert "mixture of experts" in add(admin_client).content.decode()
    assert add(admin_client, parameters="1000").status_code == 302
    assert BaseModel.objects.get(name="tiny").architecture is None


def test_dimensions_that_no_model_has_are_refused(admin_client, model_folder):
    answer = add(admin_client, parameters="1000", architecture=json.dumps({"hidden_size": 64}))
    assert answer.status_code == 200
    assert "incomplete" in answer.content.decode()


def test_a_folder_that_is_not_allowed_is_refused_with_what_to_do(admin_client, model_folder, settings):
    settings.MODELS_DIR = model_folder / "models"
    answer = add(admin_client, source=str(model_folder), parameters="1000")
    assert answer.status_code == 200
    assert "have the operator add the folder to PIPELINE_MODEL_ROOTS" in answer.content.decode()
    assert not BaseModel.objects.filter(name="tiny").exists()
    settings.MODEL_ROOTS = [model_folder]
    assert add(admin_client, source=str(model_folder)).status_code == 302


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"hidden_size": "large"}'])
def test_a_config_that_is_none_is_said_to_be(model_folder, content):
    (model_folder / "config.json").write_text(content)
    with pytest.raises(DimensionsUnknown):
        read_dimensions(Place("tiny"))


@pytest.mark.parametrize("source", ["../../etc", "", "no/such/../model", "x" * 255])
def test_a_source_that_is_no_model_is_said_to_be(model_folder, source):
    with pytest.raises(DimensionsUnknown):
        read_dimensions(Place(source))
