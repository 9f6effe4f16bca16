"""What a run would train on is found out once for each version and base model, in the background, and never in part."""

import json
import shutil

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from datasets import caches, services, tasks
from datasets.models import Dataset, TokenCache
from datasets.tokenizing.cache import read_rows
from pipeline.base_models import Place
from tests.datasets.corpus import chat, jsonl
from training.core.presets import PRESETS
from training.estimates.run_settings import RunSettings
from training.jobs import data_fits
from training.models import BaseModel, DataFit
from training.tasks import check_data
from training.workers.data_fits import counted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tokenizer_of_the_tiny_model")]

REFUSES_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
REFUSES_OPENING = "{% if messages[0].role != 'user' %}{{ raise_exception('Begin with the user') }}{% endif %}"
STARTS = "{% for message in messages %}"
ROWS = [{"messages": chat((f"Question {number}", f"Answer {number}"))} for number in range(8)]
SYSTEM = [{"messages": chat(("Hello", "Bonjour"), system="Answer in French.")} for _ in range(3)]
OPENING = [{"messages": [{"role": "assistant", "content": "Welcome!"}, *chat(("Hello", "Hi"))]} for _ in range(2)]


@pytest.fixture
def upload(user):
    def make(rows, **chosen):
        dataset = services.dataset_upload(
            user=user, name="Chats", file=ContentFile(jsonl(rows), name="d.jsonl"), **chosen
        )
        tasks.validate_dataset(str(dataset.pk))
        return Dataset.objects.select_related("version").get(pk=dataset.pk)

    return make


@pytest.fixture
def model(tiny_model, tmp_path, settings):
    """A base model like the tiny one, whose template begins otherwise, or that lies nowhere."""
    settings.MODELS_DIR = tmp_path / "models"
    shutil.copytree(tiny_model, settings.MODELS_DIR / "tiny")

    def make(begins="", positions=None):
        folder = settings.MODELS_DIR / f"model-{begins != ''}-{positions}"
        shutil.copytree(tiny_model, folder)
        template = folder / "chat_template.jinja"
        template.write_text(template.read_text().replace(STARTS, begins + STARTS, 1))
        if positions:
            config = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": positions}))
        return BaseModel.objects.create(name=folder.name, source=folder.name, parameters=10**6, is_active=True)

    return make


def run(dataset, model, **changes):
    return RunSettings(dataset=dataset, base_model=model, hyperparameters=PRESETS["fast"].hyperparameters, **changes)


def checked(dataset, model, **changes):
    check_data(data_fits.wanted(run(dataset, model, **changes)).pk)
    return DataFit.objects.get(source=model.source, too_long=changes.get("too_long", "split"))


def test_a_validation_says_at_once_what_the_default_model_trains_on(upload):
    BaseModel.objects.filter(is_default=True).update(source="tiny")
    dataset = upload(ROWS + SYSTEM)
    fit = DataFit.objects.get(source="tiny")
    assert fit.is_ready
    assert (fit.conversations, fit.pairs, fit.sequences, fit.lost_count) == (11, 11, 11, 0)
    assert (fit.tokens, fit.trained_tokens) == (dataset.total_tokens, dataset.trained_tokens)
    assert fit.longest == fit.longest_uncut == dataset.longest_tokens
    assert fit.histogram == dataset.length_histogram


def test_a_model_is_checked_once_and_its_figures_are_its_own(upload, model):
    dataset, other = upload(ROWS), model("Begin. ")
    fit = data_fits.wanted(run(dataset, other))
    assert fit.is_open
    assert data_fits.wanted(run(dataset, other)) == fit
    with pytest.raises(data_fits.BeingChecked):
        data_fits.require(run(dataset, other), allow_dropped_rows=True)
    check_data(fit.pk)
    fit.refresh_from_db()
    assert (fit.status, fit.progress, fit.conversations) == ("ready", 100, 8)
    assert fit.tokens > dataset.total_tokens
    assert run(dataset, other).figures.tokens == fit.tokens
    assert data_fits.require(run(dataset, other), allow_dropped_rows=False) == fit


def test_a_refused_system_message_is_folded_and_said_or_refused_as_chosen(upload, model):
    other = model(REFUSES_SYSTEM)
    fit = checked(upload(ROWS + SYSTEM), other)
    assert (fit.conversations, fit.lost_count, fit.notes) == (11, 0, {"system_folded": 3})
    DataFit.objects.all().delete()
    fit = checked(dataset := upload(ROWS + SYSTEM, fold_system=False), other)
    assert (dataset.status, fit.conversations, fit.lost_count) == ("ready", 8, 3)
    assert [row["line"] for row in fit.lost] == [9, 10, 11]
    assert "System role not supported" in fit.lost[0]["reason"]


def test_rows_are_lost_only_when_somebody_says_so_and_all_rows_never(upload, model):
    other = model(REFUSES_OPENING)
    dataset = upload(ROWS + OPENING)
    assert dataset.status == "ready"
    fit = checked(dataset, other)
    assert (fit.conversations, fit.lost_count) == (8, 2)
    with pytest.raises(data_fits.RowsLost):
        data_fits.require(run(dataset, other), allow_dropped_rows=False)
    assert data_fits.require(run(dataset, other), allow_dropped_rows=True) == fit
    DataFit.objects.all().delete()
    dataset = upload(OPENING)
    checked(dataset, other)
    with pytest.raises(data_fits.NothingLeft, match="Begin with the user"):
        data_fits.require(run(dataset, other), allow_dropped_rows=True)


def test_a_check_never_touches_the_data_sets_own_report(upload, model):
    dataset, other = upload(ROWS + OPENING), model(REFUSES_OPENING)
    before = Dataset.objects.values("error_report", "problem_counts", "error_count").get(pk=dataset.pk)
    left_out = dataset.version.left_out.read()
    checked(dataset, other)
    assert Dataset.objects.values("error_report", "problem_counts", "error_count").get(pk=dataset.pk) == before
    with Dataset.objects.get(pk=dataset.pk).version.left_out.open("rb") as file:
        assert file.read() == left_out


def test_the_models_own_context_is_the_limit_where_it_is_shorter(upload, model):
    long = [{"messages": chat(("Why? " * 200, "Because."))}]
    fit = checked(upload(ROWS + long), model(positions=128))
    assert (fit.limit, fit.truncated, fit.lost_count, fit.conversations) == (128, 1, 0, 9)
    assert fit.longest <= 128 < fit.longest_uncut


def test_where_nothing_is_too_long_every_sequence_length_has_the_same_fit(upload, model):
    dataset, other = upload(ROWS), model()
    fit = checked(dataset, other)
    for choice in ("split", "cut", "drop"):
        assert data_fits.wanted(run(dataset, other, too_long=choice)) == fit


def test_a_tokenizer_that_is_not_here_is_left_to_the_worker(upload, model, settings):
    dataset, other = upload(ROWS), model()
    shutil.rmtree(settings.MODELS_DIR / other.source)
    fit = checked(dataset, other)
    assert (fit.status, other.source in fit.reason) == ("unavailable", True)
    assert data_fits.require(run(dataset, other), allow_dropped_rows=False) is None


def test_a_file_that_is_gone_fails_the_check_and_it_can_be_asked_again(upload, model):
    dataset, other = upload(ROWS), model("Begin. ")
    content = dataset.version.file.read()
    name = dataset.version.file.name
    dataset.version.file.storage.delete(name)
    fit = checked(dataset, other)
    with pytest.raises(data_fits.CheckFailed, match="stored file"):
        data_fits.require(run(dataset, other), allow_dropped_rows=True)
    dataset.version.file.storage.save(name, ContentFile(content))
    DataFit.objects.update(nudged_at=timezone.now() - data_fits.TRY_AGAIN_AFTER)
    data_fits.wanted(run(dataset, other))
    check_data(fit.pk)
    assert DataFit.objects.get(pk=fit.pk).is_ready


def test_only_one_worker_makes_it_unless_that_one_fell_silent(upload, model):
    dataset, other = upload(ROWS), model()
    fit = data_fits.wanted(run(dataset, other))
    DataFit.objects.update(status="checking", heartbeat_at=timezone.now())
    check_data(fit.pk)
    assert DataFit.objects.get(pk=fit.pk).status == "checking"
    DataFit.objects.update(heartbeat_at=timezone.now() - data_fits.SILENCE)
    assert list(DataFit.objects.unattended(data_fits.AGAIN_AFTER, data_fits.SILENCE)) == [fit]
    check_data(fit.pk)
    assert DataFit.objects.get(pk=fit.pk).is_ready


def test_validating_again_voids_what_was_found_of_the_version(upload, model):
    dataset, other = upload(ROWS), model()
    checked(dataset, other)
    services.dataset_validate_again(dataset)
    tasks.validate_dataset(str(dataset.pk))
    assert not DataFit.objects.filter(source=other.source).exists()


def test_a_second_pass_over_the_same_waits_for_the_first_and_takes_its_tokens(upload, model):
    dataset, other = upload(ROWS), model("Begin. ")
    place = Place(other.source)
    folder = caches.tokenizer_folder(place)
    made = []

    def first_ends(_share):
        lock.__exit__(None, None, None)
        made.append(caches.cache_for(dataset.version, place, on_beat=lambda _: True))
        return True

    lock = caches.alone(dataset.version, folder, lambda _: True)
    lock.__enter__()
    second = caches.cache_for(dataset.version, place, on_beat=first_ends)
    assert made == [second]
    assert TokenCache.objects.filter(version=dataset.version).count() == 2
    with second.file.open("rb") as file:
        assert read_rows(file, 0, 1)[1] == 8
    assert counted(second, place, length=2048, too_long="split")["conversations"] == 8


def test_a_pass_on_another_host_at_the_same_time_is_no_harm_to_either(upload, model, settings, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.tokenizing.program.BEAT_SECONDS", 0.0)
    dataset, other = upload(ROWS), model("Begin. ")
    place, here, made = Place(other.source), settings.VAR_DIR, []

    def other_host(_share):
        if not made:
            settings.VAR_DIR = tmp_path / "elsewhere"
            made.append(caches.cache_for(dataset.version, place, on_beat=lambda _: True))
            settings.VAR_DIR = here
        return True

    mine = caches.cache_for(dataset.version, place, on_beat=other_host)
    assert made == [mine]
    assert made[0].file.name == mine.file.name
    with mine.file.open("rb") as file:
        assert read_rows(file, 0, 1)[1] == 8
