"""What a run would train on, in the API: asked for by an estimate, required of a job."""

import pytest

from tests.training.web import fits
from training.core.hyperparameters import LIMITS
from training.models import BaseModel, DataFit, TrainingJob

pytestmark = pytest.mark.django_db

HYPERPARAMETERS = {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16}


def body(dataset, **changes):
    return {
        "dataset_id": str(dataset.pk),
        "gpu_config": {"type": "A100-80GB", "count": 2},
        "hyperparameters": HYPERPARAMETERS,
    } | changes


def estimate(api, dataset, **changes):
    answer = api.post("/api/jobs/estimate", body(dataset, **changes), format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]


def create(api, dataset, headers=None, **changes):
    asked = body(dataset, preset_id="balanced", estimated_cost=4.32, **changes)
    return api.post("/api/jobs", asked, format="json", headers=headers)


def longest(length):
    return {"hyperparameters": HYPERPARAMETERS | {"max_sequence_length": length}}


def test_an_estimate_asks_for_the_check_once_for_each_model_length_and_choice(api, dataset):
    DataFit.objects.all().delete()
    for _ in range(2):
        assert estimate(api, dataset)["data"] == {
            "status": "waiting", "progress": 0, "reason": "", "sequence_length": 2048, "conversations": None,
            "dropped": None, "pairs": None, "tokens": None, "trained_tokens": None, "truncated": None, "lost": None,
            "notes": [],
        }  # fmt: skip
    estimate(api, dataset, **longest(1024), too_long="drop")
    other = BaseModel.objects.filter(is_active=True, is_default=False).first()
    estimate(api, dataset, base_model=other.name)
    assert set(DataFit.objects.values_list("source", "length", "too_long")) == {
        (BaseModel.objects.get(is_default=True).source, 2048, "split"),
        (BaseModel.objects.get(is_default=True).source, 1024, "drop"),
        (other.source, 2048, "split"),
    }


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"status": "checking", "progress": 40}, {"status": "checking", "progress": 40, "pairs": None, "lost": None}),
        ({"status": "failed", "reason": "It broke."}, {"status": "failed", "reason": "It broke.", "pairs": None}),
        ({"status": "unavailable", "reason": "No file."}, {"status": "unavailable", "reason": "No file."}),
        (
            fits.READY | {"truncated": 3, "notes": {"system_folded": 12}},
            {
                "status": "ready", "progress": 100, "sequence_length": 2048, "conversations": 900, "pairs": 1000,
                "tokens": 200_000, "trained_tokens": 90_000, "truncated": 3,
                "lost": {"count": 0, "reasons": {}, "lines": []},
                "notes": [
                    {"kind": "system_folded", "title": "System messages put before the user's words", "count": 12}
                ],
            },
        ),
        (fits.READY | {"limit": 512}, {"sequence_length": 512}),
    ],
)  # fmt: skip
def test_an_estimate_says_how_the_check_stands(api, dataset, changes, shown):
    fits.put(dataset, **changes)
    data = estimate(api, dataset)["data"]
    assert {name: data[name] for name in shown} == shown


def test_the_figures_are_the_checks_once_it_is_ready(api, dataset):
    before = estimate(api, dataset)
    fits.ready(dataset, pairs=500, tokens=100_000)
    after = estimate(api, dataset)
    assert before["training_details"]["total_steps"] == 750
    assert after["training_details"]["total_steps"] == 375
    assert after["estimated_cost"] < before["estimated_cost"]


def test_a_model_with_a_shorter_context_wins_over_the_chosen_length(api, dataset):
    fits.ready(dataset, length=4096, limit=128, longest=128, longest_uncut=300, truncated=7)
    data = estimate(api, dataset, **longest(4096))["data"]
    assert (data["sequence_length"], data["truncated"]) == (128, 7)


@pytest.mark.parametrize("status", ["uploaded", "validating", "ready", "error"])
def test_nothing_is_checked_of_a_data_set_that_is_not_ready(api, make_dataset, status):
    dataset = make_dataset(status=status, training_ready=False)
    DataFit.objects.all().delete()
    assert estimate(api, dataset)["data"] is None
    assert not DataFit.objects.exists()


@pytest.mark.parametrize(
    ("batch_size", "count", "pairs", "codes"),
    [(4, 2, 1000, []), (64, 1, 27, ["batch_exceeds_data"]), (2, 8, 1000, ["batch_below_gpus"])],
)
def test_notices_of_the_batch_size(api, dataset, batch_size, count, pairs, codes):
    fits.ready(dataset, pairs=pairs)
    asked = {"hyperparameters": HYPERPARAMETERS | {"batch_size": batch_size}}
    found = estimate(api, dataset, gpu_config={"type": "H100", "count": count}, **asked)["notices"]
    assert [one["code"] for one in found] == codes
    assert all(one["message"] for one in found)


@pytest.mark.parametrize("status", ["waiting", "checking"])
def test_a_job_waits_for_the_check(api, dataset, status):
    fits.put(dataset, status=status, progress=40)
    answer = create(api, dataset, allow_dropped_rows=True)
    assert answer.status_code == 409
    assert answer["Retry-After"] == "2"
    assert answer.json()["error"] == "The data set is being checked"
    details = answer.json()["details"]
    assert (details["status"], details["progress"]) == (status, 40)
    assert "40 %" in details["message"]
    assert not TrainingJob.objects.exists()


def test_a_job_that_is_refused_for_want_of_a_check_has_one_made_all_the_same(api, dataset):
    DataFit.objects.all().delete()
    answer = create(api, dataset, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 409
    assert DataFit.objects.get().status == "waiting"
    fits.ready(dataset)
    assert create(api, dataset, headers={"Idempotency-Key": "k"}).status_code == 201


def test_a_check_that_failed_is_a_409_with_its_reason(api, dataset):
    fits.put(dataset, status="failed", reason="The tokenizer cannot be read.")
    answer = create(api, dataset)
    assert answer.status_code == 409
    assert answer.json()["details"] == "The tokenizer cannot be read."
    assert "Retry-After" not in answer


def test_without_the_tokenizer_here_the_worker_checks(api, dataset):
    fits.put(dataset, status="unavailable")
    assert create(api, dataset).status_code == 201
    assert TrainingJob.objects.get().plan.pairs is None


def test_lost_rows_refuse_the_job_until_that_is_allowed(api, dataset):
    rows = fits.lost(*range(1, 81)) + fits.lost(*range(200, 280), kind="too_long", reason="9,020 tokens.")
    fits.ready(dataset, conversations=740, lost_count=160, lost=rows)
    answer = create(api, dataset)
    assert answer.status_code == 409
    assert answer.json()["error"] == "Rows would be lost"
    details = answer.json()["details"]
    assert details["count"] == 160
    assert set(details["reasons"]) == {"template", "too_long"}
    assert details["reasons"]["template"] == "Rows that the model's chat template refuses"
    assert len(details["lines"]) == 100
    assert details["lines"][0] == {
        "line": 1, "kind": "template", "reason": "The template takes no system message.",
    }  # fmt: skip
    assert details["to_start_all_the_same"] == {"allow_dropped_rows": True}
    assert estimate(api, dataset)["data"]["lost"] == {name: details[name] for name in ("count", "reasons", "lines")}
    assert not TrainingJob.objects.exists()
    assert create(api, dataset, **details["to_start_all_the_same"]).status_code == 201
    plan = TrainingJob.objects.get().plan
    assert (plan.allow_dropped_rows, plan.conversations, plan.pairs) == (True, 740, 1000)


@pytest.mark.parametrize("allowed", [False, True])
def test_a_job_with_nothing_left_is_refused_whatever_is_allowed(api, dataset, allowed):
    fits.ready(dataset, conversations=0, pairs=0, lost_count=2, lost=fits.lost(1, 2))
    answer = create(api, dataset, allow_dropped_rows=allowed)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Nothing to train on"
    details = answer.json()["details"]
    assert "Line 1: The template takes no system message." in details["message"]
    assert (details["count"], [row["line"] for row in details["lines"]]) == (2, [1, 2])
    assert not TrainingJob.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"too_long": "truncate"}, "too_long"),
        ({"too_long": None}, "too_long"),
        ({"too_long": ["cut"]}, "too_long"),
        ({"allow_dropped_rows": "yes"}, "allow_dropped_rows"),
        ({"allow_dropped_rows": 1}, "allow_dropped_rows"),
        (longest(63), "hyperparameters.max_sequence_length"),
        (longest(131_073), "hyperparameters.max_sequence_length"),
        (longest("2048"), "hyperparameters.max_sequence_length"),
        (longest(2048.5), "hyperparameters.max_sequence_length"),
        (longest(True), "hyperparameters.max_sequence_length"),
        (longest(None), "hyperparameters.max_sequence_length"),
    ],
)
def test_bad_input_names_the_field(api, dataset, changes, field):
    answer = create(api, dataset, **changes)
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]


@pytest.mark.parametrize("length", [64, 131_072])
def test_the_limits_of_the_sequence_length_are_allowed(api, dataset, length):
    assert estimate(api, dataset, **longest(length))["data"]["sequence_length"] == length


def test_a_job_keeps_its_sequence_length_and_what_becomes_of_longer_rows(api, dataset):
    fits.ready(dataset, length=1024, limit=1024, too_long="drop")
    assert create(api, dataset, **longest(1024), too_long="drop").status_code == 201
    job = TrainingJob.objects.get()
    data = api.get(f"/api/jobs/{job.pk}").json()["data"]
    assert data["hyperparameters"]["max_sequence_length"] == 1024
    assert {name: data["plan"][name] for name in ("too_long", "allow_dropped_rows", "conversations", "pairs")} == {
        "too_long": "drop", "allow_dropped_rows": False, "conversations": 900, "pairs": 1000,
    }  # fmt: skip


def test_left_out_the_sequence_length_is_the_default(api, dataset):
    assert create(api, dataset).json()["data"]["hyperparameters"]["max_sequence_length"] == int(
        LIMITS["max_sequence_length"].default
    )


def test_jobs_show_what_the_trainer_found(api, dataset, put_job):
    found = {"conversations": 1204, "train_pairs": 4095, "evaluation_pairs": 215, "dropped": 0, "truncated": 3}
    job = put_job("running", data=found)
    assert api.get(f"/api/jobs/{job.pk}").json()["data"]["data"] == found
    assert api.get("/api/jobs").json()["data"]["jobs"][0]["data"] == found
