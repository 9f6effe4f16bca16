"""Deleted data leave no file behind, whoever deletes them and however far they had been read."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from datasets import caches, services
from datasets.models import Dataset, TokenCache

ROW = b'{"prompt": "Who?", "completion": "Me."}\n'

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path, catalogue):
    settings.MEDIA_ROOT, settings.VAR_DIR = tmp_path / "media", tmp_path / "var"
    settings.UPLOADING_DIR = settings.VAR_DIR / "uploading"


@pytest.fixture
def read(make_dataset):
    """A data set with every kind of file that one can have, parts of a pass that was stopped among them."""

    def make(**changes):
        dataset = make_dataset(**changes)
        version = dataset.version
        version.left_out.save("left-out.csv", ContentFile(b"line,kind\n"))
        cache = TokenCache(version=version, fingerprint="f" * 64, tokenizer="tiny")
        cache.file.save("cache.arrow", ContentFile(b"tokens"))
        folder = caches.reading_folder(version, Path("/models/tiny"))
        folder.mkdir()
        (folder / "part-000000.json").write_text("{}")
        folder.with_suffix(".json").write_text("{}")
        return dataset

    return make


def files(settings):
    return [path for root in (settings.MEDIA_ROOT, settings.VAR_DIR) for path in root.rglob("*") if path.is_file()]


def by_page(dataset, client):
    assert client.post(f"/datasets/{dataset.pk}/delete").status_code == 302


def by_api(dataset, client):
    assert client.delete(f"/api/datasets/{dataset.pk}").status_code == 200


def in_the_admin(dataset, client):
    url = f"/admin/datasets/dataset/{dataset.pk}/delete/"
    assert client.post(url, {"post": "yes"}).status_code == 302


def many_in_the_admin(dataset, client):
    form = {"action": "delete_selected", "_selected_action": [str(dataset.pk)], "post": "yes"}
    assert client.post("/admin/datasets/dataset/", form).status_code == 302


def with_its_owner(dataset, client):
    dataset.user.delete()


@pytest.mark.parametrize("delete", [by_page, by_api, in_the_admin, many_in_the_admin, with_its_owner])
def test_no_file_is_left(client, read, user, django_user_model, settings, delete):
    dataset = read()
    assert len(files(settings)) == 5
    if "admin" in delete.__name__:
        client.force_login(django_user_model.objects.create_superuser("root"))
    else:
        client.force_login(user)
    delete(dataset, client)
    assert not Dataset.objects.filter(pk=dataset.pk, deleted_at=None).exists()
    assert files(settings) == []


def test_a_file_that_another_version_is_read_from_stays(read, settings):
    dataset = read()
    services.dataset_read_again(dataset=dataset, shape="text", mapping={}, tool_calls="ignore")
    first, second = dataset.versions.order_by("number")
    assert first.file.name == second.file.name
    first.delete()
    assert default_storage.exists(second.file.name)
    second.delete()
    assert not default_storage.exists(second.file.name)


@pytest.mark.parametrize("path", ["/datasets/{}/left-out.csv", "/api/datasets/{}/left-out", "/datasets/{}/download",
                                  "/api/datasets/{}/download"])  # fmt: skip
def test_a_file_that_is_gone_from_storage_is_a_404(client, read, user, path):
    dataset = read()
    for field in (dataset.version.file, dataset.version.left_out):
        field.storage.delete(field.name)
    client.force_login(user)
    assert client.get(path.format(dataset.pk)).status_code == 404


def test_a_pass_that_ends_just_after_the_deletion_leaves_nothing(read, user, settings, tokenizer_of_the_tiny_model):
    """Its last sign of life was before, so nobody has told it."""
    dataset = services.dataset_upload(user=user, name="Mine", file=ContentFile(ROW, name="rows.jsonl"))
    version, model = dataset.version, settings.MODELS_DIR / settings.TOKENIZER
    result = caches.read_version(version, Path(version.file.path), model, on_beat=lambda _: True, choice={})
    services.dataset_delete(dataset)
    assert caches.store(version, result, tokenizer="tiny", is_validation=True) is None
    assert files(settings) == []
