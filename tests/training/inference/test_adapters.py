"""Adapters as folders: of what the zip holds under their names, whole, and not more than so many."""

import io
import os
import zipfile

import pytest
from django.core.files.base import ContentFile

from training.inference import adapters
from training.models import Artifact

pytestmark = pytest.mark.django_db
WHOLE = {"run/adapter_config.json": b"{}", "run/adapter_model.safetensors": b"weights"}


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.INFERENCE_ADAPTERS_DIR = tmp_path / "adapters"
    return settings.INFERENCE_ADAPTERS_DIR


@pytest.fixture
def make_artifact(put_job):
    def make(files, sha256="0" * 64):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        file = ContentFile(packed.getvalue(), name="adapter.zip")
        return Artifact.objects.create(job=put_job("completed"), file=file, file_name="a.zip", size=1, sha256=sha256)

    return make


def test_it_holds_the_adapter_and_nothing_else(make_artifact, home):
    extra = {"run/README.md": b"card", "../out": b"x", "/tmp/out": b"x", "a/b/adapter_config.json": b"other"}
    folder = adapters.folder_of(make_artifact(WHOLE | extra))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name.split("/")[1]: content for name, content in WHOLE.items()
    }
    assert list(home.iterdir()) == [folder]
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"run/adapter_config.json": b"{}"},
        WHOLE | {"other/adapter_config.json": b"{}"},
        {f"../{name}": content for name, content in WHOLE.items()},
    ],
)
def test_what_is_no_adapter_is_said_to_be_none_and_leaves_nothing(make_artifact, home, files):
    with pytest.raises(adapters.AdapterUnusable, match=r"a\.zip is gone or damaged"):
        adapters.folder_of(make_artifact(files))
    assert not list(home.iterdir())


@pytest.mark.parametrize("harm", ["deleted", "cut"])
def test_a_file_that_is_gone_or_cut_is_said_to_be(make_artifact, home, harm):
    artifact = make_artifact(WHOLE)
    path = artifact.file.path
    if harm == "deleted":
        os.unlink(path)
    else:
        os.truncate(path, 100)
    with pytest.raises(adapters.AdapterUnusable):
        adapters.folder_of(artifact)
    assert not list(home.iterdir())


def test_those_that_nobody_asks_for_go_and_come_back(make_artifact, home, monkeypatch):
    monkeypatch.setattr(adapters, "KEPT", 2)
    artifacts = [make_artifact(WHOLE, sha256=str(place) * 64) for place in range(3)]
    first, second = (adapters.folder_of(artifact) for artifact in artifacts[:2])
    os.utime(first, (1, 1))
    third = adapters.folder_of(artifacts[2])
    assert set(home.iterdir()) == {second, third}
    assert adapters.folder_of(artifacts[0]) == first
    assert (first / "adapter_model.safetensors").read_bytes() == b"weights"
