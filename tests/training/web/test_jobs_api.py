"""POST and GET /api/jobs, GET /api/jobs/<id>: creation, lists, and one job."""

import uuid
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from notifications.models import Notification
from training.core.presets import complete
from training.models import BaseModel, GpuType, TrainingJob

pytestmark = pytest.mark.django_db

URL = "/api/jobs"
HYPERPARAMETERS = {
    "learning_rate": 0.00005,
    "batch_size": 4,
    "epochs": 3,
    "rank": 16,
    "alpha": 32,
    "dropout": 0.1,
}


def body(dataset, **changes):
    return {
        "dataset_id": str(dataset.pk),
        "preset_id": "balanced",
        "gpu_config": {"type": "A100-80GB", "count": 2},
        "hyperparameters": HYPERPARAMETERS,
        "estimated_cost": 4.32,
    } | changes


def create(api, dataset, **changes):
    return api.post(URL, body(dataset, **changes), format="json")


def test_creation_answers_with_the_row(api, user, dataset):
    answer = create(api, dataset)
    assert answer.status_code == 201
    assert answer.json()["success"] is True
    job = answer.json()["data"]
    expected = {
        "user_id": user.pk,
        "dataset_id": str(dataset.pk),
        "preset_id": "balanced",
        "status": "queued",
        "current_stage": "queued",
        "progress": 0,
        "current_epoch": 0,
        "total_epochs": 3,
        "current_step": 0,
        "total_steps": 750,
        "gpu_config": {"type": "A100-80GB", "count": 2},
        "hyperparameters": complete(HYPERPARAMETERS).to_dict(),
        "estimated_total_cost": 4.32,
        "quoted_cost": 4.32,
        "current_cost": 0,
        "current_metrics": {},
    }
    assert {key: job[key] for key in expected} == expected
    assert job["queued_at"]
    assert job["created_at"]
    assert "quote_differs" not in job
    assert TrainingJob.objects.get(pk=job["id"]).base_model.is_default


def test_creation_notifies_the_user(api, user, dataset):
    job = create(api, dataset).json()["data"]
    note = Notification.objects.get(user=user)
    assert (note.type, note.title, note.priority) == ("job_queued", "Training Job Queued", "low")
    assert note.message == 'Your training job for "Support chats" has been queued and will start shortly'
    assert note.action_url == f"/training/jobs/{job['id']}"
    assert note.metadata == {"job_id": job["id"], "dataset_name": "Support chats"}


@pytest.mark.parametrize(("quoted", "differs"), [(4.31, False), (4.33, False), (4.30, True), (0.01, True), (-5, True)])
def test_the_servers_price_counts_and_a_different_quote_is_said(api, dataset, quoted, differs):
    job = create(api, dataset, estimated_cost=quoted).json()["data"]
    assert job["estimated_total_cost"] == 4.32
    assert job["quoted_cost"] == quoted
    assert job.get("quote_differs", False) is differs


def test_a_job_keeps_its_price_when_the_catalogue_changes(api, dataset):
    job = create(api, dataset).json()["data"]
    GpuType.objects.filter(name="A100-80GB").update(price_per_hour=Decimal("9.99"))
    again = api.get(f"{URL}/{job['id']}").json()["data"]
    assert (again["hourly_rate"], again["estimated_total_cost"]) == (7.0, 4.32)


def test_alpha_and_dropout_may_be_left_out(api, dataset):
    four = {name: HYPERPARAMETERS[name] for name in ("learning_rate", "batch_size", "epochs", "rank")}
    custom = create(api, dataset, preset_id="custom", hyperparameters=four | {"rank": 24}).json()["data"]
    assert custom["hyperparameters"] == complete(four | {"rank": 24, "alpha": 48, "dropout": 0.1}).to_dict()
    fast = create(api, dataset, preset_id="fast", hyperparameters=four).json()["data"]
    assert fast["hyperparameters"]["dropout"] == 0.05


@pytest.mark.parametrize(
    ("status", "training_ready", "shown"),
    [
        ("uploaded", False, "false"),
        ("validating", False, "false"),
        ("error", False, "false"),
        ("ready", False, "false"),
    ],
)
def test_a_dataset_that_is_not_ready_is_refused_in_the_specifications_words(
    api, make_dataset, status, training_ready, shown
):
    answer = create(api, make_dataset(status=status, training_ready=training_ready))
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "Dataset not ready for training",
        "details": "Dataset must have status='ready' and training_ready=true. "
        f"Current: status='{status}', training_ready={shown}",
    }
    assert not TrainingJob.objects.exists()
    assert not Notification.objects.exists()


def test_an_unknown_or_foreign_dataset_is_a_404(api, make_dataset, other_user):
    foreign = make_dataset(user=other_user)
    for answer in (create(api, foreign), create(api, foreign, dataset_id=str(uuid.uuid4()))):
        assert answer.status_code == 404
        assert answer.json()["error"] == "Dataset not found or access denied"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"preset_id": "turbo"}, "preset_id"),
        ({"estimated_cost": "4.32"}, "estimated_cost"),
        ({"estimated_cost": None}, "estimated_cost"),
        ({"estimated_cost": 1e300}, "estimated_cost"),
        ({"estimated_cost": 10**400}, "estimated_cost"),
        ({"gpu_config": {"type": "A100-80GB", "count": 9}}, "gpu_config.count"),
        ({"gpu_config": {"type": "TPU", "count": 1}}, "gpu_config.type"),
        ({"gpu_config": []}, "gpu_config"),
        ({"hyperparameters": HYPERPARAMETERS | {"batch_size": 65}}, "hyperparameters.batch_size"),
        ({"hyperparameters": HYPERPARAMETERS | {"learning_rate": 1}}, "hyperparameters.learning_rate"),
        ({"hyperparameters": HYPERPARAMETERS | {"dropout": 0.6}}, "hyperparameters.dropout"),
        ({"hyperparameters": HYPERPARAMETERS | {"alpha": 0}}, "hyperparameters.alpha"),
        ({"base_model": "gpt-17"}, "base_model"),
    ],
)
def test_creation_takes_the_same_ranges_as_estimation(api, dataset, changes, field):
    answer = create(api, dataset, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Validation error"
    assert list(answer.json()["details"]) == [field]
    assert not TrainingJob.objects.exists()


def test_a_missing_quote_is_refused(api, dataset):
    asked = body(dataset)
    del asked["estimated_cost"]
    answer = api.post(URL, asked, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["estimated_cost"]


def test_a_base_model_can_be_chosen_by_name(api, make_dataset):
    BaseModel.objects.create(name="Other", source="/models/other", parameters=1, license="MIT")
    assert create(api, make_dataset(), base_model="Other").json()["data"]["base_model"] == "Other"


def test_without_a_base_model_nothing_is_created(api, dataset):
    BaseModel.objects.update(is_active=False)
    answer = create(api, dataset)
    assert answer.status_code == 409
    assert "admin" in answer.json()["details"]


def test_the_list_has_the_datasets_and_the_pagination(api, dataset):
    ids = [create(api, dataset).json()["data"]["id"] for _ in range(3)]
    data = api.get(URL, {"limit": 2}).json()["data"]
    assert [job["id"] for job in data["jobs"]] == ids[:0:-1]
    assert data["jobs"][0]["dataset"] == {
        "name": "Support chats",
        "format": "openai_chat",
        "total_training_pairs": 1000,
    }
    pagination = data["pagination"]
    assert pagination | {"next": None} == {
        "page": 1, "limit": 2, "total": 3, "totalPages": 2, "next": None, "previous": None,
    }  # fmt: skip
    second = api.get(URL, {"limit": 2, "page": 2}).json()["data"]
    assert [job["id"] for job in second["jobs"]] == ids[:1]
    by_cursor = api.get(URL, {"limit": 2, "cursor": pagination["next"]}).json()["data"]
    assert by_cursor["jobs"] == second["jobs"]


def test_the_list_is_ten_a_page_and_empty_beyond_the_end(api, dataset):
    assert api.get(URL).json()["data"] == {
        "jobs": [],
        "pagination": {"page": 1, "limit": 10, "total": 0, "totalPages": 0, "next": None, "previous": None},
    }
    create(api, dataset)
    assert api.get(URL, {"page": 1_000_000_000}).json()["data"]["jobs"] == []


def test_empty_parameters_are_as_none(api):
    assert api.get(URL, {"page": "", "limit": "", "status": ""}).json() == api.get(URL).json()


def test_the_list_filters_by_status(api, dataset):
    create(api, dataset)
    assert len(api.get(URL, {"status": "queued"}).json()["data"]["jobs"]) == 1
    assert api.get(URL, {"status": "running"}).json()["data"]["jobs"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"}, {"page": "-1"}, {"page": "x"}, {"page": "1.5"}, {"page": "9" * 30},
        {"page": "²"}, {"page": "9" * 5000}, {"limit": "²"}, {"cursor": "x"}, {"cursor": "\0"},
        {"cursor": "x" * 100_000}, {"limit": "0"}, {"limit": "101"}, {"limit": "many"}, {"status": "done"},
    ],
)  # fmt: skip
def test_a_bad_query_is_a_400_that_names_it(api, query):
    answer = api.get(URL, query)
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == list(query)


def test_the_list_shows_only_the_users_own_jobs(api, dataset, other_user):
    create(api, dataset)
    stranger = APIClient()
    stranger.force_authenticate(other_user)
    assert stranger.get(URL).json()["data"]["jobs"] == []


def test_the_list_takes_a_fixed_number_of_queries(api, dataset, django_assert_num_queries):
    for _ in range(5):
        create(api, dataset)
    with django_assert_num_queries(2):  # token with its user, rows: all of them
        api.get(URL)
    with django_assert_num_queries(3):  # and their count
        api.get(URL, {"limit": 2})


def test_one_job_shows_its_history(api, user, dataset):
    job = create(api, dataset).json()["data"]
    answer = api.get(f"{URL}/{job['id']}")
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data["dataset"]["name"] == "Support chats"
    assert [(event["actor"], event["to_status"]) for event in data["events"]] == [(user.username, "queued")]
    assert data["adapter_url"] is None


def test_an_unknown_or_foreign_job_is_a_404(api, dataset, other_user):
    job = create(api, dataset).json()["data"]
    stranger = APIClient()
    stranger.force_authenticate(other_user)
    for answer in (
        stranger.get(f"{URL}/{job['id']}"),
        stranger.get(f"{URL}/{job['id']}/adapter"),
        stranger.post(f"{URL}/{job['id']}/cancel"),
        api.get(f"{URL}/{uuid.uuid4()}"),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"] == "Job not found or access denied"


def test_an_address_that_is_not_there_is_json_too(api):
    answer = api.get("/api/nothing/here")
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_an_adapter_that_is_not_there_yet_is_a_404(api, dataset):
    job = create(api, dataset).json()["data"]
    answer = api.get(f"{URL}/{job['id']}/adapter")
    assert answer.status_code == 404
    assert answer.json()["error"] == "The job has no adapter to download (yet)"


def test_a_queued_job_is_cancelled_at_once(api, dataset):
    job = create(api, dataset).json()["data"]
    answer = api.post(f"{URL}/{job['id']}/cancel")
    assert answer.json()["data"]["status"] == "cancelled"
    again = api.post(f"{URL}/{job['id']}/cancel")
    assert again.status_code == 409
    assert again.json()["error"] == "The job is already cancelled"
