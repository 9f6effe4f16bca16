"""What the estimate says beyond the specification: every choice, range, basis, memory, base models."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.training.measured import record, start
from training.core.forecast import BASES
from training.models import BaseModel, GpuType, RunMeasurement, TrainingJob

pytestmark = pytest.mark.django_db

URL = "/api/jobs/estimate"
HYPERPARAMETERS = {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16}
LARGE = "Qwen/Qwen2.5-32B-Instruct"


def ask(client, dataset, status=200, **changes):
    body = {
        "dataset_id": str(dataset.pk),
        "gpu_config": {"type": "H100", "count": 1},
        "hyperparameters": HYPERPARAMETERS,
    } | changes
    answer = client.post(URL, body, format="json")
    assert answer.status_code == status, answer.json()
    return answer.json()["data"] if status == 200 else answer.json()


@pytest.fixture
def known(make_dataset):
    """A data set whose lengths are known."""
    return make_dataset(longest_tokens=890, length_histogram={"bounds": [1024], "counts": [900], "tokens": [200_000]})


def test_every_gpu_and_count_is_answered_for_at_once(api, known):
    choices = ask(api, known)["alternatives"]
    assert [(one["gpu_config"]["type"], one["gpu_config"]["count"]) for one in choices] == [
        (name, count) for name in ("A100-80GB", "A100-40GB", "H100", "V100-32GB") for count in range(1, 9)
    ]


def test_each_choice_says_what_asking_for_it_would(api, known):
    for one in ask(api, known)["alternatives"][::5]:
        alone = ask(api, known, gpu_config=one["gpu_config"], alternatives=False)
        assert {key: alone[key] for key in ("estimated_cost", "estimated_duration_hours", "hourly_rate")} == {
            key: one[key] for key in ("estimated_cost", "estimated_duration_hours", "hourly_rate")
        }
        assert alone["memory"]["fits"] == one["fits"]


def test_cheapest_fastest_and_cheapest_in_time_are_marked_once_each(api, known):
    data = ask(api, known, within_hours=0.6)
    marked = {mark: one for one in data["alternatives"] for mark in one["marks"]}
    assert set(marked) == {"cheapest", "fastest", "cheapest_within"}
    costs = [one["estimated_cost"] for one in data["alternatives"]]
    hours = [one["estimated_duration_hours"] for one in data["alternatives"]]
    assert marked["cheapest"]["estimated_cost"] == min(costs)
    assert marked["fastest"]["estimated_duration_hours"] == min(hours)
    assert marked["cheapest_within"]["estimated_duration_hours"] <= 0.6
    assert data["within_hours"] == 0.6
    assert not any(one["is_dominated"] for one in marked.values())


def test_what_is_not_possible_in_time_is_marked_nowhere(api, known):
    marks = [mark for one in ask(api, known, within_hours=0.01)["alternatives"] for mark in one["marks"]]
    assert "cheapest_within" not in marks


def test_alternatives_can_be_left_out(api, known):
    assert "alternatives" not in ask(api, known, alternatives=False)


def test_all_choices_ask_the_database_nothing_more(api, known):
    def queries(**changes):
        with CaptureQueriesContext(connection) as captured:
            ask(api, known, **changes)
        return [query["sql"] for query in captured.captured_queries]

    ask(api, known)  # the catalogue and what was measured are known from now on
    for basis in ("list", "best"):
        alone, with_all = queries(alternatives=False, basis=basis), queries(basis=basis)
        assert len(with_all) == len(alone)


def test_a_larger_model_is_slower_in_proportion_and_the_default_is_the_specifications(api, known):
    default = ask(api, known)["training_details"]["estimated_throughput_tokens_per_sec"]
    large = ask(api, known, base_model=LARGE)["training_details"]["estimated_throughput_tokens_per_sec"]
    assert default == 2200
    assert large == round(2200 * 8e9 / 32_763_876_352)


def test_a_base_model_that_is_not_on_offer_is_named(api, known):
    answer = ask(api, known, 400, base_model="nobody/nothing")
    assert list(answer["details"]) == ["base_model"]


def test_the_specifications_keys_have_the_lists_figures_unless_the_best_are_asked_for(api, known, user):
    record(start(user, known))
    data, best = ask(api, known), ask(api, known, basis="best")
    assert (data["basis"], data["basis_runs"]) == ("list", 0)
    assert (best["basis"], best["basis_runs"], best["basis_runs_on_this_gpu"]) == ("measured", 1, 1)
    assert best["estimates"] == data["estimates"]
    for answer in (data, best):
        for key in ("estimated_cost", "cost_breakdown", "estimated_duration_hours", "hourly_rate", "training_details"):
            assert answer[key] == answer["estimates"][answer["basis"]][key]


@pytest.mark.parametrize(
    ("changes", "runs", "bases"),
    [
        ({}, 0, ["list", "architecture"]),
        ({}, 1, ["list", "architecture", "measured"]),
        ({"architecture": None}, 0, ["list"]),
        ({"architecture": None}, 1, ["list", "measured"]),
        ({"peak_tflops": None}, 0, ["list"]),
        ({"peak_tflops": None}, 1, ["list", "measured"]),
    ],
)
def test_the_best_is_measured_else_from_the_architecture_else_the_lists(api, known, user, changes, runs, bases):
    for name, value in changes.items():
        model = GpuType if name == "peak_tflops" else BaseModel
        model.objects.update(**{name: value})
    for _ in range(runs):
        record(start(user, known))
    data = ask(api, known, basis="best")
    assert [basis for basis, found in data["estimates"].items() if found] == bases
    assert set(data["estimates"]) == {"list", "architecture", "measured"}
    assert data["basis"] == bases[-1]
    for basis in ("list", "architecture", "measured"):  # what is not known is answered by the best below it
        known_below = [one for one in bases if BASES.index(one) <= BASES.index(basis)]
        assert ask(api, known, basis=basis)["basis"] == known_below[-1]


@pytest.mark.parametrize("basis", ["list", "architecture", "measured"])
def test_each_basis_has_its_range_and_the_time_around_its_training(api, known, user, basis):
    record(start(user, known))
    found = ask(api, known)["estimates"][basis]
    assert found["low"]["estimated_cost"] < found["estimated_cost"] < found["high"]["estimated_cost"]
    around = found["overhead_seconds"]
    parts = around["start"] + 3 * around["evaluation_per_epoch"] + around["saving"]
    assert around["total"] == pytest.approx(parts, abs=0.3)
    hours = (found["training_seconds"] + around["total"]) / 3600
    assert found["estimated_duration_hours"] == pytest.approx(hours, abs=0.01)
    assert around["total"] == 1800 if basis == "list" else around["total"] < 300


def test_the_time_around_training_follows_the_sizes(api, known):
    small, large = (
        ask(api, known, base_model=name, basis="architecture")["overhead_seconds"]
        for name in ("HuggingFaceTB/SmolLM2-135M-Instruct", LARGE)
    )
    assert large["start"] > small["start"] + 60
    assert large["saving"] > small["saving"]
    assert large["evaluation_per_epoch"] > small["evaluation_per_epoch"]


def test_measured_runs_move_the_estimate_and_narrow_its_range(api, known, user):
    before = ask(api, known, basis="best")
    speed = before["training_details"]["estimated_throughput_tokens_per_sec"] / 2
    for _ in range(4):
        record(start(user, known), tokens_per_second=speed)
    after = ask(api, known, basis="best")
    assert (after["basis"], after["basis_runs"]) == ("measured", 4)
    assert after["training_details"]["estimated_throughput_tokens_per_sec"] == pytest.approx(speed, rel=0.1)
    assert after["estimated_cost"] > before["estimated_cost"]

    def width(data):
        return data["high"]["estimated_duration_hours"] / data["low"]["estimated_duration_hours"]

    assert width(after) < width(before)


def test_one_run_on_one_card_informs_every_other_and_other_models(api, known, user):
    elsewhere = {"gpu_config": {"type": "A100-80GB", "count": 2}, "basis": "best"}
    asked = [elsewhere, elsewhere | {"base_model": LARGE}]
    before = [ask(api, known, **one) for one in asked]
    speed = ask(api, known, basis="best")["training_details"]["estimated_throughput_tokens_per_sec"]
    record(start(user, known), tokens_per_second=speed / 3)
    for one, was in zip(asked, before, strict=True):
        now = ask(api, known, **one)
        assert (now["basis"], now["basis_runs"], now["basis_runs_on_this_gpu"]) == ("measured", 1, 0)
        key = "estimated_throughput_tokens_per_sec"
        assert now["training_details"][key] < 0.95 * was["training_details"][key]


def test_what_is_learned_follows_the_catalogue_once_runs_are_held_against_it_anew(api, known, user):
    row = record(start(user, known))
    told = ask(api, known, basis="best")["training_details"]
    GpuType.objects.filter(name="H100").update(peak_tflops=10, bandwidth_gb_s=30)
    call_command("calibration", "refresh")
    now = RunMeasurement.objects.get(pk=row.pk)
    assert now.modelled_tokens_per_second < row.modelled_tokens_per_second
    assert now.tokens_per_second == row.tokens_per_second
    again = ask(api, known, basis="best")["training_details"]
    key = "estimated_throughput_tokens_per_sec"
    assert again[key] == pytest.approx(told[key], rel=0.35)  # it is the same run that was measured


def test_a_job_is_started_at_the_price_of_its_basis(api, known, user):
    record(start(user, known))
    for basis in ("list", "architecture", "best"):
        body = {"estimated_cost": ask(api, known, basis=basis)["estimated_cost"], "preset_id": "custom", "basis": basis}
        answer = api.post(
            "/api/jobs",
            body | {"dataset_id": str(known.pk), "gpu_config": {"type": "H100", "count": 1},
                    "hyperparameters": HYPERPARAMETERS | {"alpha": 32, "dropout": 0.1}},
            format="json",
        )  # fmt: skip
        job = TrainingJob.objects.get(pk=answer.json()["data"]["id"])
        assert float(job.estimated_total_cost) == body["estimated_cost"]
        assert job.plan.basis == ("measured" if basis == "best" else basis)


def test_list_figures_stay_whatever_was_measured(api, known, user):
    def listed(data):
        return data["estimates"]["list"], {name: data[name] for name in data["estimates"]["list"]}

    before = ask(api, known)
    record(start(user, known))
    assert listed(ask(api, known)) == listed(before)


def test_runs_on_another_device_than_the_one_chosen_never_count(api, known, user):
    before = ask(api, known, basis="best")
    record(start(user, known), device="cpu", device_name="CPU (AMD EPYC)")
    record(start(user, known), device_name="NVIDIA A100-SXM4-40GB")
    assert ask(api, known, basis="best") == before


def test_the_price_says_when_and_where_it_is_from(api, known):
    GpuType.objects.filter(name="H100").update(price_source="example.com/pricing")
    price = ask(api, known)["price"]
    assert price == {"per_gpu_hour": 4.2, "as_of": "2025-12-25", "source": "example.com/pricing"}


def test_memory_is_said_part_by_part(api, known):
    memory = ask(api, known)["memory"]
    assert memory["fits"]
    assert memory["card_gib"] == 79.1
    assert sum(memory["parts_gib"].values()) == pytest.approx(memory["peak_gib"], abs=0.05)
    assert (memory["micro_batch_size"], memory["sequence_length"]) == (4, 890)
    assert memory["sequence_length_is_measured"]
    assert memory["remedies"] == []


def test_where_lengths_are_not_known_the_longest_is_assumed(api, dataset):
    memory = ask(api, dataset)["memory"]
    assert not memory["sequence_length_is_measured"]
    assert memory["sequence_length"] == 888  # four times the mean


def test_what_does_not_fit_comes_with_what_would(api, known):
    memory = ask(api, known, base_model=LARGE, gpu_config={"type": "A100-40GB", "count": 1})["memory"]
    assert not memory["fits"]
    assert memory["remedies"]
    for remedy in memory["remedies"]:
        assert remedy["text"]
        changes = dict(remedy["changes"])
        gpu = {"type": changes.pop("gpu_config.type", "A100-40GB"), "count": 1}
        again = ask(api, known, base_model=LARGE, gpu_config=gpu, **changes)["memory"]
        assert again["fits"]
        assert again["peak_gib"] == remedy["peak_gib"]


def test_memory_options_shrink_the_peak(api, known):
    peaks = [
        ask(api, known, base_model=LARGE, **options)["memory"]["peak_gib"]
        for options in ({}, {"micro_batch_size": 1}, {"micro_batch_size": 1, "gradient_checkpointing": True},
                        {"micro_batch_size": 1, "gradient_checkpointing": True, "quantization": "nf4"})
    ]  # fmt: skip
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[-1] < peaks[0] / 3


def test_measured_peaks_correct_the_predicted_one(api, known, user):
    before = ask(api, known)["memory"]
    record(start(user, known), micro_batch_size=4, reserved_memory_bytes=int(1.1 * before["peak_gib"] * 1024**3))
    after = ask(api, known)["memory"]
    assert after["basis_runs"] == 1
    assert after["peak_gib"] > before["peak_gib"]


@pytest.mark.parametrize("unknown", ["card", "model"])
def test_where_figures_lack_memory_is_not_known_and_nothing_is_refused(api, known, unknown):
    GpuType.objects.update(memory_gib=None, usable_gib=None) if unknown == "card" else BaseModel.objects.update(
        architecture=None
    )
    data = ask(api, known)
    assert data["memory"] is None
    assert {one["fits"] for one in data["alternatives"]} == {None}
    assert any(one["marks"] for one in data["alternatives"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("micro_batch_size", 0),
        ("micro_batch_size", "2"),
        ("gradient_checkpointing", "yes"),
        ("quantization", "int8"),
        ("precision", "fp8"),
        ("basis", "guess"),
        ("alternatives", 1),
        ("within_hours", 0),
        ("base_model", 7),
    ],
)
def test_bad_options_are_refused_with_the_field_named(api, known, field, value):
    assert list(ask(api, known, 400, **{field: value})["details"]) == [field]


def test_without_alternatives_a_larger_card_is_still_among_the_remedies(api, known):
    asked = {"base_model": "meta-llama/Llama-3.1-8B-Instruct", "gpu_config": {"type": "A100-40GB", "count": 1}}
    with_all, alone = ask(api, known, **asked), ask(api, known, **asked, alternatives=False)
    kinds = [remedy["kind"] for remedy in alone["memory"]["remedies"]]
    assert "card" in kinds
    assert alone["memory"]["remedies"] == with_all["memory"]["remedies"]


def test_dropout_counts_in_the_estimate_as_in_the_job(api, known):
    def peak(**more):
        return ask(api, known, hyperparameters=HYPERPARAMETERS | more)["memory"]["peak_gib"]

    assert peak(dropout=0) < peak(dropout=0.1) == peak()


@pytest.mark.parametrize(("name", "value"), [("dropout", 0.6), ("alpha", 0), ("dropout", "0.1"), ("alpha", None)])
def test_what_an_estimate_may_leave_out_is_checked_where_it_is_given(api, known, name, value):
    answer = ask(api, known, 400, hyperparameters=HYPERPARAMETERS | {name: value})
    assert list(answer["details"]) == [f"hyperparameters.{name}"]
