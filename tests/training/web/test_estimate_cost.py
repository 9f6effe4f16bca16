"""What an estimate asks of the database, and that what it remembers holds no longer than it is true."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.training.measured import record, start
from tests.training.web.fits import ready
from tests.training.web.test_configure_page import ESTIMATE_URL, values
from training.estimates.catalogue import catalogue
from training.models import BaseModel, DataFit, GpuType, RunMeasurement, Worker

pytestmark = pytest.mark.django_db

URL = "/api/jobs/estimate"
API_QUERIES = 4
"""Token with its user, the catalogue's revision, data set, its check."""
PAGE_QUERIES = 6
"""Session, user, the catalogue's revision, data set, its check, workers."""


@pytest.fixture
def checked(make_dataset):
    dataset = make_dataset(longest_tokens=890)
    ready(dataset)
    return dataset


@pytest.fixture
def ask(api, checked):
    def post(status=200, gpu="H100", **changes):
        body = {
            "dataset_id": str(checked.pk),
            "gpu_config": {"type": gpu, "count": 1},
            "hyperparameters": {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16},
        } | changes
        answer = api.post(URL, body, format="json")
        assert answer.status_code == status, answer.json()
        return answer.json()["data"] if status == 200 else answer.json()["details"]

    return post


@pytest.fixture
def move(signed_in, checked):
    """A slider's."""

    form = values(checked)

    def post():
        answer = signed_in.post(ESTIMATE_URL, form, headers={"HX-Request": "true"})
        assert "Total Estimated Cost" in answer.content.decode()

    return post


def queries(question):
    question()  # what is remembered is known from now on
    with CaptureQueriesContext(connection) as captured:
        question()
    return len(captured)


@pytest.mark.parametrize("history", ["none", "runs", "many GPU types", "other checks", "workers"])
def test_the_same_few_questions_whatever_there_is(ask, move, user, checked, history):
    if history == "runs":
        for gpu in ("H100", "V100-32GB", "H100"):
            record(start(user, checked, gpu), device_name=f"NVIDIA {gpu}")
    if history == "many GPU types":
        GpuType.objects.update(is_active=True)
    if history == "other checks":
        for length in range(256, 2048, 256):
            ready(checked, length=length)
    if history == "workers":
        for name in ("one", "two", "three"):
            Worker.objects.create(
                name=name, host=name, queues=["gpu.h100"], started_at="2026-01-01T00:00Z",
                last_seen_at="2126-01-01T00:00Z", base_models=list(BaseModel.objects.values_list("name", flat=True)),
            )  # fmt: skip
    for changes in ({}, {"alternatives": False}, {"basis": "best"}, {"base_model": BaseModel.objects.last().name}):
        if "base_model" in changes:
            ready(checked, model=BaseModel.objects.last())
        assert queries(lambda changes=changes: ask(**changes)) == API_QUERIES
    assert queries(move) == PAGE_QUERIES


def by_hand(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_what_changes_in_the_catalogue_holds_from_the_next_request_on(ask):
    assert ask()["hourly_rate"] == 4.2
    by_hand("UPDATE lora_gpu_types SET price_per_hour = 9 WHERE name = 'H100'")
    assert ask()["hourly_rate"] == 9
    GpuType.objects.filter(name="H100").update(is_active=False)
    assert "gpu_config.type" in ask(400)
    by_hand("DELETE FROM lora_gpu_types WHERE name = 'H100'")
    assert {one["gpu_config"]["type"] for one in ask(gpu="V100-32GB")["alternatives"]} == {
        "A100-80GB", "A100-40GB", "V100-32GB"
    }  # fmt: skip
    GpuType.objects.create(name="New", label="New", price_per_hour=1, tokens_per_second=1000)
    assert ask(gpu="New")["hourly_rate"] == 1


def test_so_does_what_changes_among_the_base_models(ask):
    name = BaseModel.objects.get(is_default=True).name
    before = ask(base_model=name)["training_details"]["estimated_throughput_tokens_per_sec"]
    BaseModel.objects.filter(name=name).update(parameters=16 * 10**9)
    assert ask(base_model=name)["training_details"]["estimated_throughput_tokens_per_sec"] == before / 2
    BaseModel.objects.filter(name=name).update(is_active=False)
    assert "base_model" in ask(400, base_model=name)


def test_a_run_counts_from_the_moment_it_was_measured_until_it_is_removed(ask, user, checked):
    assert ask(basis="best")["basis_runs"] == 0
    record(start(user, checked))
    learned = ask(basis="best")
    assert learned["basis_runs"] == 1
    RunMeasurement.objects.update(tokens_per_second=1800)
    assert ask(basis="best")["estimated_duration_hours"] < learned["estimated_duration_hours"]
    RunMeasurement.objects.all().delete()
    assert ask(basis="best")["basis_runs"] == 0


def test_nothing_is_remembered_where_no_revision_is_known(ask):
    by_hand("DELETE FROM lora_revisions")
    assert catalogue() is not catalogue()
    assert ask()["hourly_rate"] == 4.2


@pytest.mark.parametrize(
    ("fits", "told"),
    [
        ([], None),
        ([(2048, "split", "ready", 0)], (2048, "split")),
        ([(2048, "cut", "ready", 0)], (2048, "cut")),
        ([(2048, "cut", "ready", 5)], None),
        ([(1024, "split", "ready", 0)], (1024, "split")),
        ([(512, "split", "ready", 0)], None),
        ([(2048, "split", "checking", 0)], (2048, "split")),
        ([(2048, "split", "failed", 0), (1024, "split", "ready", 0)], (1024, "split")),
        ([(1024, "split", "ready", 0), (2048, "split", "ready", 5)], (2048, "split")),
        ([(1024, "split", "waiting", 0)], None),
    ],
)
def test_which_check_tells_what_a_run_would_train_on(checked, fits, told):
    """Longest sequence, what becomes of longer ones, how it stands, conversations that were cut."""
    DataFit.objects.all().delete()
    for length, too_long, status, truncated in fits:
        longest = 890 if length >= 890 and not truncated else 5000
        ready(checked, length=length, too_long=too_long, status=status, truncated=truncated, longest_uncut=longest)
    place = BaseModel.objects.get(is_default=True).place
    found = DataFit.telling(checked.version_id, place, 2048, "split")
    assert (found and (found.length, found.too_long)) == told
