"""POST /api/jobs/estimate: the specification's answers, status codes and messages."""

import uuid

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

URL = "/api/jobs/estimate"
SPECIFIED = ("estimated_cost", "cost_breakdown", "estimated_duration_hours", "hourly_rate", "training_details")
HYPERPARAMETERS = {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16}


def ask(client, dataset, **changes):
    body = {
        "dataset_id": str(dataset.pk),
        "gpu_config": {"type": "A100-80GB", "count": 2},
        "hyperparameters": HYPERPARAMETERS,
    } | changes
    return client.post(URL, body, format="json")


def test_answers_with_the_specifications_shape_and_figures(api, dataset):
    answer = ask(api, dataset)
    assert answer.status_code == 200
    specified = answer.json()
    specified["data"] = {key: specified["data"][key] for key in SPECIFIED}
    assert specified == {
        "success": True,
        "data": {
            "estimated_cost": 4.32,
            "cost_breakdown": {"compute": 3.82, "storage": 0.5},
            "estimated_duration_hours": 0.55,
            "hourly_rate": 7.0,
            "training_details": {
                "total_steps": 750,
                "steps_per_epoch": 250,
                "estimated_throughput_tokens_per_sec": 3600,
                "dataset_name": "Support chats",
            },
        },
    }


@pytest.mark.parametrize("unknown", [None, 0])
def test_unknown_figures_take_the_defaults(api, make_dataset, unknown):
    known = ask(api, make_dataset(total_training_pairs=1000, total_tokens=200_000)).json()["data"]
    defaults = ask(api, make_dataset(total_training_pairs=unknown, total_tokens=unknown)).json()["data"]
    assert [defaults[key] for key in SPECIFIED] == [known[key] for key in SPECIFIED]


def test_a_dataset_that_is_not_ready_can_be_estimated(api, make_dataset):
    assert ask(api, make_dataset(status="uploaded", training_ready=False)).status_code == 200


@pytest.mark.parametrize(
    ("gpu", "rate", "throughput"),
    [("A100-80GB", 3.5, 1800), ("A100-40GB", 2.8, 1500), ("H100", 4.2, 2200), ("V100-32GB", 2.1, 1200)],
)
def test_prices_and_throughputs_are_the_specifications(api, dataset, gpu, rate, throughput):
    data = ask(api, dataset, gpu_config={"type": gpu, "count": 1}).json()["data"]
    assert data["hourly_rate"] == rate
    assert data["training_details"]["estimated_throughput_tokens_per_sec"] == throughput


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("gpu_config.type", "RTX-4090"),
        ("gpu_config.type", None),
        ("gpu_config.type", "A100\0"),
        ("gpu_config.type", {"name": "H100"}),
        ("gpu_config.count", 0),
        ("gpu_config.count", 9),
        ("gpu_config.count", 1.5),
        ("gpu_config.count", "2"),
        ("gpu_config.count", True),
        ("hyperparameters.batch_size", 0),
        ("hyperparameters.batch_size", 65),
        ("hyperparameters.epochs", 0),
        ("hyperparameters.epochs", 21),
        ("hyperparameters.epochs", 10**400),
        ("hyperparameters.learning_rate", 0.000009),
        ("hyperparameters.learning_rate", 0.0011),
        ("hyperparameters.learning_rate", "0.0001"),
        ("hyperparameters.rank", 3),
        ("hyperparameters.rank", 129),
        ("dataset_id", "not-a-uuid"),
        ("dataset_id", None),
    ],
)
def test_bad_input_is_refused_with_the_field_named(api, dataset, path, value):
    body = {
        "dataset_id": str(dataset.pk),
        "gpu_config": {"type": "A100-80GB", "count": 2},
        "hyperparameters": dict(HYPERPARAMETERS),
    }
    *parents, field = path.split(".")
    place = body
    for parent in parents:
        place = place[parent]
    place[field] = value
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 400
    assert answer.json()["error"] == "Validation error"
    assert list(answer.json()["details"]) == [path]
    assert all(isinstance(message, str) for message in answer.json()["details"][path])


@pytest.mark.parametrize("limits", [(0.00001, 1, 1, 4), (0.001, 64, 20, 128)])
def test_the_limits_themselves_are_allowed(api, dataset, limits):
    values = dict(zip(("learning_rate", "batch_size", "epochs", "rank"), limits, strict=True))
    assert ask(api, dataset, hyperparameters=values).status_code == 200


def test_every_missing_field_is_named(api):
    answer = api.post(URL, {"hyperparameters": {}}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["details"]) == {
        "dataset_id",
        "gpu_config",
        "hyperparameters.learning_rate",
        "hyperparameters.batch_size",
        "hyperparameters.epochs",
        "hyperparameters.rank",
    }


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "null", "1e400", '{"dataset_id": NaN}', "\ud83d"])
def test_a_body_that_is_no_json_object_is_a_400(api, body):
    answer = api.post(URL, body.encode("utf-8", "surrogatepass"), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_deeply_nested_json_is_a_400(api):
    answer = api.post(URL, "[" * 100_000 + "]" * 100_000, content_type="application/json")
    assert answer.status_code == 400


def test_another_content_type_is_a_415(api):
    answer = api.post(URL, "dataset_id=1", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 415
    assert answer.json()["error"]


def test_an_unknown_dataset_is_a_404(api):
    answer = api.post(
        URL,
        {
            "dataset_id": str(uuid.uuid4()),
            "gpu_config": {"type": "H100", "count": 1},
            "hyperparameters": HYPERPARAMETERS,
        },
        format="json",
    )
    assert answer.status_code == 404
    assert answer.json()["error"] == "Dataset not found or access denied"


def test_another_users_dataset_looks_like_none(api, make_dataset, other_user):
    answer = ask(api, make_dataset(user=other_user))
    assert answer.status_code == 404
    assert answer.json()["error"] == "Dataset not found or access denied"


def test_without_credentials_it_is_a_401(dataset):
    answer = ask(APIClient(), dataset)
    assert answer.status_code == 401
    assert answer.json()["error"]
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_is_a_401(api, user, dataset):
    user.auth_token_set.all().delete()
    assert ask(api, dataset).status_code == 401


def test_a_browser_session_needs_the_csrf_token(user, dataset):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(user)
    assert ask(browser, dataset).status_code == 403


def test_the_wrong_method_is_a_405(api):
    answer = api.get(URL)
    assert answer.status_code == 405
    assert answer.json()["error"]
