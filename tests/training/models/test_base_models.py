"""The catalogue of base models, as the migrations leave it."""

import importlib

import pytest
from django.apps import apps

from training.models import BaseModel

NORMS = importlib.import_module("training.migrations.0013_norms_of_base_models")

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "norms", "query_norms", "soft_capped"),
    [
        ("google/gemma-2-9b-it", 4, False, True),
        ("google/gemma-3-1b-it", 4, True, False),
        ("Qwen/Qwen3-8B", 2, True, False),
        ("Qwen/Qwen2.5-7B-Instruct", 2, False, False),
    ],
)
def test_the_catalogue_knows_what_sets_a_family_apart(name, norms, query_norms, soft_capped):
    model = BaseModel.objects.get(name=name).dimensions
    assert (model.norms, model.query_norms, model.soft_capped_scores) == (norms, query_norms, soft_capped)


def test_an_architecture_that_somebody_changed_stays():
    model = BaseModel.objects.get(name="google/gemma-2-2b-it")
    model.architecture = model.architecture | {"layers": 27}
    model.save()
    NORMS.take_away(apps, None)
    NORMS.add(apps, None)
    model.refresh_from_db()
    assert model.architecture["layers"] == 27


def test_going_back_and_forth_ends_where_it_began():
    before = dict(BaseModel.objects.values_list("name", "architecture"))
    NORMS.take_away(apps, None)
    assert "norms" not in BaseModel.objects.get(name="google/gemma-2-9b-it").architecture
    NORMS.add(apps, None)
    assert dict(BaseModel.objects.values_list("name", "architecture")) == before
