"""A job's data: the version it was started with, in the tokens of its own base model, made once."""

import io
import shutil

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils import timezone

from datasets import caches, services, tasks
from datasets.models import Dataset, DatasetVersion, TokenCache
from datasets.services import dataset_upload
from datasets.tokenizing.cache import read_rows
from tests.datasets.corpus import chat, jsonl
from training.jobs.data import chosen_for
from training.models import BaseModel, TrainingJob
from training.trainer.protocol import JobSpec
from training.workers import data

FIRST, LATER = "1" * 40, "2" * 40

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tokenizer_of_the_tiny_model")]

GOOD = [{"messages": chat((f"Question {number}", f"Answer {number}"))} for number in range(8)]


def always():
    return True


@pytest.fixture
def read_dataset(user):
    def make(rows, name="Chats"):
        dataset = dataset_upload(user=user, name=name, file=ContentFile(jsonl(rows), name="d.jsonl"))
        tasks.validate_dataset(str(dataset.pk))
        return Dataset.objects.select_related("version", "evaluation_dataset__version").get(pk=dataset.pk)

    return make


@pytest.fixture
def other_model(tiny_model, tmp_path, settings):
    """Of the same weights, with another chat template, beside the first."""
    settings.MODELS_DIR = tmp_path / "models"
    shutil.copytree(tiny_model, settings.MODELS_DIR / "tiny")
    shutil.copytree(tiny_model, settings.MODELS_DIR / "other")
    template = settings.MODELS_DIR / "other" / "chat_template.jinja"
    template.write_text(template.read_text().replace("You are a helpful assistant.", "You are of no help."))
    return "other"


def job_on(put_job, dataset, source="tiny"):
    BaseModel.objects.filter(is_default=True).update(source=source)
    job = put_job(**chosen_for(dataset))
    job.dataset = dataset
    job.save(update_fields=["dataset"])
    return TrainingJob.objects.get(pk=job.pk)


def test_a_job_gets_the_cache_that_validation_made(read_dataset, put_job, tmp_path):
    dataset = read_dataset(GOOD)
    fields = data.hand_over(job_on(put_job, dataset), tmp_path, is_wanted=always)
    cache = TokenCache.objects.get()
    assert fields["dataset_path"] == cache.file.path
    assert fields["dataset_sha256"] == dataset.version.sha256
    assert (fields["dataset_format"], fields["evaluation_path"], fields["split_seed"]) == ("openai_chat", "", 42)
    assert fields.keys() <= JobSpec.__dataclass_fields__.keys()


def test_another_tokenizer_gets_its_own_cache_made_once(read_dataset, put_job, other_model, tmp_path):
    job = job_on(put_job, read_dataset(GOOD), other_model)
    first = data.hand_over(job, tmp_path, is_wanted=always)
    again = data.hand_over(job, tmp_path, is_wanted=always)
    assert first == again
    assert TokenCache.objects.count() == 2
    tiny, other = TokenCache.objects.order_by("pk")
    assert first["dataset_path"] == other.file.path != tiny.file.path
    with tiny.file.open("rb") as mine, other.file.open("rb") as theirs:
        assert read_rows(mine, 0, 1)[0][0].ids != read_rows(theirs, 0, 1)[0][0].ids


def test_a_later_version_does_not_change_what_a_job_trains_on(read_dataset, put_job, tmp_path):
    dataset = read_dataset(GOOD)
    job = job_on(put_job, dataset)
    changed = ContentFile(jsonl(GOOD[:3]), name="d.jsonl")
    services.dataset_upload_version(dataset=dataset, file=changed)
    tasks.validate_dataset(str(dataset.pk))
    path = data.hand_over(job, tmp_path, is_wanted=always)["dataset_path"]
    with open(path, "rb") as file:
        assert read_rows(file, 0, 100)[1] == 8


def test_what_is_evaluated_on_is_handed_over_as_it_was_chosen(read_dataset, put_job, tmp_path):
    dataset, other = read_dataset(GOOD), read_dataset(GOOD[:2], name="Held out")
    services.dataset_change(dataset, {"evaluation_dataset": other, "split_seed": 7, "evaluation_share": 0.25})
    job = job_on(put_job, Dataset.objects.get(pk=dataset.pk))
    services.dataset_change(dataset, {"evaluation_dataset": None, "split_seed": 8, "evaluation_share": 0.5})
    fields = data.hand_over(job, tmp_path, is_wanted=always)
    assert fields["evaluation_path"] == TokenCache.objects.get(version=other.version).file.path
    assert (fields["split_seed"], fields["evaluation_share"]) == (7, 0.25)


def test_a_cache_that_is_lost_is_made_again(read_dataset, put_job, tmp_path):
    job = job_on(put_job, read_dataset(GOOD))
    cache = TokenCache.objects.get()
    cache.file.storage.delete(cache.file.name)
    with open(data.hand_over(job, tmp_path, is_wanted=always)["dataset_path"], "rb") as file:
        assert read_rows(file, 0, 100)[1] == 8


def test_data_that_are_gone_or_a_model_that_is_not_there_are_told(read_dataset, put_job, tmp_path):
    dataset = read_dataset(GOOD)
    job = job_on(put_job, dataset, "/nowhere")
    with pytest.raises(data.DataUnusable, match="/nowhere") as failure:
        data.hand_over(job, tmp_path, is_wanted=always)
    assert failure.value.code == "model_not_found"
    Dataset.objects.update(deleted_at="2026-01-01T00:00Z", training_ready=False)
    job.refresh_from_db()
    with pytest.raises(data.DataUnusable, match="was deleted") as failure:
        data.hand_over(job, tmp_path, is_wanted=always)
    assert failure.value.code == "data_missing"


def test_making_a_cache_stops_when_the_job_is_no_longer_wanted(user, put_job, other_model, tmp_path, monkeypatch):
    rows = [{"messages": chat((f"{number} " + "red blue " * 40, "warm cold " * 60))} for number in range(4000)]
    dataset = dataset_upload(user=user, name="Large", file=ContentFile(jsonl(rows), name="d.jsonl"))
    tasks.validate_dataset(str(dataset.pk))
    monkeypatch.setattr("datasets.tokenizing.program.BEAT_SECONDS", 0.05)
    job = job_on(put_job, Dataset.objects.get(pk=dataset.pk), other_model)
    assert data.hand_over(job, tmp_path, is_wanted=lambda: False) is None
    assert TokenCache.objects.count() == 1


class Elsewhere(Storage):
    """A storage whose files are no files of this machine, as an S3 bucket's."""

    def __init__(self):
        self.files = {}

    def _save(self, name, content):
        self.files[name] = content.read()
        return name

    def _open(self, name, mode="rb"):
        return File(io.BytesIO(self.files[name]), name=name)

    def exists(self, name):
        return name in self.files

    def delete(self, name):
        self.files.pop(name, None)

    def size(self, name):
        return len(self.files[name])


def test_files_in_a_storage_elsewhere_are_fetched(read_dataset, tmp_path, monkeypatch):
    elsewhere = Elsewhere()
    for model, name in (
        (DatasetVersion, "file"),
        (DatasetVersion, "left_out"),
        (TokenCache, "file"),
        (TokenCache, "left_out"),
    ):
        monkeypatch.setattr(model._meta.get_field(name), "storage", elsewhere)
    dataset = read_dataset(GOOD)
    assert dataset.status == "ready"
    assert len(elsewhere.files) == 4
    with caches.local(dataset.version.file) as path:
        assert path.read_bytes() == jsonl(GOOD)
    assert not path.exists()
    copy = data._here(TokenCache.objects.get(), tmp_path)
    assert copy.parent == tmp_path


def test_of_a_hub_model_every_attempt_trains_on_the_commit_that_the_first_one_found(
    read_dataset, put_job, tiny_model, tmp_path, monkeypatch
):
    repository = tmp_path / "cache" / "models--acme--tiny-chat"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    for commit in (FIRST, LATER):
        shutil.copytree(tiny_model, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(FIRST)
    job = job_on(put_job, read_dataset(GOOD), "acme/tiny-chat")
    TrainingJob.objects.filter(pk=job.pk).update(status="running", attempt=1, heartbeat_at=timezone.now())
    job.refresh_from_db()
    data.hand_over(job, tmp_path, is_wanted=always)
    assert TrainingJob.objects.get(pk=job.pk).base_model_revision == FIRST
    (repository / "refs" / "main").write_text(LATER)
    again = TrainingJob.objects.get(pk=job.pk)
    data.hand_over(again, tmp_path, is_wanted=always)
    assert again.base_model_revision == FIRST
