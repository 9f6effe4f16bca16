"""/training/configure: what the page offers, prices and starts."""

from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.html import escape

from notifications.models import Notification
from tests.training.measured import record, start
from training.core.presets import PRESETS
from training.models import BaseModel, GpuType, TrainingJob, Worker
from training.web.forms.fields import as_sent

pytestmark = pytest.mark.django_db

URL = "/training/configure"
ESTIMATE_URL = "/training/configure/estimate"


def values(dataset, preset="balanced", **changes):
    return {
        "dataset_id": str(dataset.pk),
        "base_model": BaseModel.objects.get(is_default=True).pk,
        "preset_id": preset,
        "gpu_type": "A100-80GB",
        "gpu_count": 2,
        **PRESETS.get(preset, PRESETS["balanced"]).hyperparameters.to_dict(),
    } | changes


def text(answer):
    return " ".join(answer.content.decode().split())


def test_without_a_dataset_it_says_so_and_leads_to_the_datasets(signed_in):
    answer = signed_in.get(URL)
    assert answer.status_code == 200
    assert "No dataset selected. Please select a dataset from the datasets page." in text(answer)
    assert "Go to Datasets" in text(answer)
    assert 'href="/datasets"' in text(answer)


@pytest.mark.parametrize("dataset_id", ["nonsense", "6f1c0de5-1c3e-4b7e-9d2a-0f5a3c1e9b77"])
def test_an_unknown_dataset_leads_to_the_datasets(signed_in, dataset_id):
    answer = signed_in.get(URL, {"datasetId": dataset_id})
    assert "Dataset not found or access denied" in text(answer)
    assert "Go to Datasets" in text(answer)


def test_another_users_dataset_looks_like_none(signed_in, make_dataset, other_user):
    answer = signed_in.get(URL, {"datasetId": str(make_dataset(user=other_user).pk)})
    assert "Dataset not found or access denied" in text(answer)


def test_a_dataset_that_is_not_ready_says_its_state_and_leads_to_it(signed_in, make_dataset):
    dataset = make_dataset(status="validating", training_ready=False)
    answer = signed_in.get(URL, {"datasetId": str(dataset.pk)})
    assert "Dataset not ready for training" in text(answer)
    assert "training_ready=false" in text(answer)
    assert f'href="/datasets/{dataset.pk}"' in text(answer)


def test_signing_in_is_needed_and_comes_back_here(client, dataset):
    answer = client.get(URL, {"datasetId": str(dataset.pk)})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=/training/configure")


def test_it_opens_on_the_balanced_preset_with_its_estimate(signed_in, dataset):
    page = text(signed_in.get(URL, {"datasetId": str(dataset.pk), "use_list": "on"}))
    for wanted in (
        "Configure Training Job",
        "Select a preset or customize hyperparameters for your training",
        "Quick training for testing and iteration",
        "Recommended balance of quality and cost",
        "Maximum quality for production models",
        "NVIDIA A100 80GB",
        "Best overall performance",
        "Budget option",
        "Total Estimated Cost:",
        "$4.32",
        "$3.82",
        "$7.00/hr",
        "0.6 hours",
        "750",
        "3,600 tok/s",
        "Start Training",
    ):
        assert wanted in page, wanted


def test_the_estimate_answers_for_the_form_as_it_stands(signed_in, dataset):
    answer = signed_in.post(ESTIMATE_URL, values(dataset, gpu_type="H100", gpu_count=8), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.context["quote"].price.hourly_rate == 33.6
    assert "$33.60/hr" in text(answer)
    assert "<html" not in text(answer)


def test_an_estimate_of_bad_values_names_the_field(signed_in, dataset):
    answer = signed_in.post(ESTIMATE_URL, values(dataset, batch_size=0))
    assert "Batch Size" in text(answer)
    assert "Must be between 1 and 64." in text(answer)


def test_start_creates_the_job_and_lands_on_its_monitor_with_a_toast(signed_in, user, dataset):
    answer = signed_in.post(URL, values(dataset, quoted_cost="4.32", use_list="on"), follow=True)
    job = TrainingJob.objects.get()
    assert answer.redirect_chain == [(f"/training/jobs/{job.pk}", 302)]
    assert "Training job created and queued for processing" in text(answer)
    assert (job.user, job.dataset, job.preset_id, job.status) == (user, dataset, "balanced", "queued")
    assert job.hyperparameters == PRESETS["balanced"].hyperparameters.to_dict()
    assert job.estimated_total_cost == job.quoted_cost == Decimal("4.32")
    assert Notification.objects.get(user=user).type == "job_queued"


def test_a_slider_off_the_preset_makes_the_choice_custom_even_without_scripts(signed_in, dataset):
    signed_in.post(URL, values(dataset, preset="balanced", rank=20))
    assert TrainingJob.objects.get().preset_id == "custom"


def test_custom_values_that_are_a_presets_are_that_preset(signed_in, dataset):
    signed_in.post(URL, values(dataset, preset="custom"))
    assert TrainingJob.objects.get().preset_id == "balanced"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch_size", 65),
        ("epochs", 21),
        ("learning_rate", "x"),
        ("rank", ""),
        ("gpu_count", 9),
        ("gpu_type", "TPU"),
    ],
)
def test_bad_values_start_nothing_and_keep_what_was_chosen(signed_in, dataset, field, value):
    answer = signed_in.post(URL, values(dataset, preset="fast", **{field: value}))
    assert answer.status_code == 422
    assert not TrainingJob.objects.exists()
    assert field in answer.context["form"].errors
    assert answer.context["form"]["preset_id"].value() == "fast"


def test_a_start_on_a_dataset_that_is_no_longer_ready_creates_nothing(signed_in, make_dataset):
    dataset = make_dataset(status="error", training_ready=False)
    answer = signed_in.post(URL, values(dataset))
    assert "Dataset not ready for training" in text(answer)
    assert not TrainingJob.objects.exists()


def test_a_gpu_type_added_in_the_admin_is_offered_and_priced(signed_in, dataset):
    GpuType.objects.create(name="B900", label="NVIDIA B900", price_per_hour="6.00", tokens_per_second=4000, position=9)
    assert "NVIDIA B900" in text(signed_in.get(URL, {"datasetId": str(dataset.pk)}))
    answer = signed_in.post(ESTIMATE_URL, values(dataset, gpu_type="B900", gpu_count=1))
    assert answer.context["quote"].price.hourly_rate == 6.0


def test_with_no_gpu_on_offer_the_page_says_so(signed_in, dataset):
    GpuType.objects.update(is_active=False)
    answer = signed_in.get(URL, {"datasetId": str(dataset.pk)})
    assert "No GPU type is active" in text(answer)


def test_sliders_span_what_the_specification_says(signed_in, dataset):
    form = signed_in.get(URL, {"datasetId": str(dataset.pk)}).context["form"]
    spans = {
        row["limit"].name: tuple(row["field"].field.widget.attrs[key] for key in ("min", "max", "step"))
        for row in form.hyperparameters
    }
    assert spans["learning_rate"] == ("0.00001", "0.0002", "0.000001")
    assert spans["batch_size"] == ("1", "16", "1")
    assert spans["epochs"] == ("1", "10", "1")
    assert spans["rank"] == ("4", "64", "4")


def change(client, dataset, changes, **fields):
    """Press a button that stands for other values of some fields."""
    return client.post(URL, values(dataset, change=changes, **fields))


def test_a_choices_button_selects_it_without_scripts_and_starts_nothing(signed_in, dataset):
    answer = change(signed_in, dataset, "gpu_type=H100&gpu_count=8")
    assert answer.status_code == 200
    assert not TrainingJob.objects.exists()
    assert answer.context["quote"].price.hourly_rate == 33.6
    assert answer.context["form"]["gpu_count"].value() == "8"


def test_a_button_changes_only_fields_of_the_form(signed_in, dataset):
    answer = change(signed_in, dataset, "is_staff=on&gpu_count=4&gpu_count=5")
    assert answer.context["form"]["gpu_count"].value() == "5"
    assert "is_staff" not in answer.context["form"].data


def test_a_run_that_does_not_fit_says_so_with_its_ways_out_and_waits_for_a_confirmation(signed_in, dataset):
    large = BaseModel.objects.get(name="Qwen/Qwen2.5-32B-Instruct").pk
    page = signed_in.post(ESTIMATE_URL, values(dataset, base_model=large)).content.decode()
    assert "Does not fit" in page
    assert "gradient_checkpointing=on" in page
    answer = signed_in.post(URL, values(dataset, base_model=large))
    assert answer.status_code == 422
    assert "Predicted to need" in text(answer)
    assert not TrainingJob.objects.exists()
    assert signed_in.post(URL, values(dataset, base_model=large, allow_oom="on")).status_code == 302


def test_a_way_out_is_one_press_away(signed_in, dataset):
    large = BaseModel.objects.get(name="Qwen/Qwen2.5-32B-Instruct").pk
    answer = change(signed_in, dataset, "gradient_checkpointing=on", base_model=large)
    assert answer.context["memory"].fit.fits
    assert answer.context["form"]["gradient_checkpointing"].value()


def test_measure_first_starts_a_dry_run(signed_in, dataset):
    answer = signed_in.post(URL, values(dataset, probe="on"))
    job = TrainingJob.objects.get()
    assert answer["Location"] == f"/training/jobs/{job.pk}"
    assert job.plan.is_probe
    assert "A dry run" in text(signed_in.get(answer["Location"]))


def test_the_page_says_where_its_figures_are_from_and_has_the_lists_beside_them(signed_in, user, dataset):
    first = text(signed_in.post(ESTIMATE_URL, values(dataset)))
    assert "From the model&#x27;s architecture" in first or "From the model's architecture" in first
    assert "Use list figures" in first
    assert "($4.32, 33 min)" in first
    assert "as of 25 Dec 2025" in first
    listed = text(signed_in.post(ESTIMATE_URL, values(dataset, use_list="on")))
    assert "List figures" in listed
    assert "data-total>$4.32" in listed
    assert 'name="use_list" id="id_use_list" checked' in listed
    for _ in range(3):
        record(start(user, dataset, gpu="A100-80GB"), device_name="NVIDIA A100-SXM4-80GB")
    assert "From 3 measured runs" in text(signed_in.post(ESTIMATE_URL, values(dataset)))


def test_what_is_not_training_stands_apart_from_it(signed_in, dataset):
    listed = text(signed_in.post(ESTIMATE_URL, values(dataset, use_list="on")))
    assert "<strong>2.8 min</strong> of training, about 30 min around it" in listed
    assert "<dt>Evaluation, per epoch</dt><dd>5 min</dd>" in listed


def test_of_a_model_without_dimensions_there_are_only_list_figures(signed_in, dataset):
    model = BaseModel.objects.get(is_default=True)
    model.architecture = None
    model.save()
    found = text(signed_in.post(ESTIMATE_URL, values(dataset)))
    assert "List figures" in found
    assert "Use list figures" not in found


@pytest.mark.parametrize(("count", "basis", "said"), [(1, "on", False), (8, "on", True), (8, "", True)])
def test_the_speed_up_is_corrected_where_it_is_not_true(signed_in, dataset, count, basis, said):
    """Half an hour of the list's figures does not depend on the GPUs."""
    found = signed_in.post(ESTIMATE_URL, values(dataset, gpu_count=count, use_list=basis)).context["speed_up"]
    assert found.startswith(f"Training will be {count}x faster (approximately).") is said
    assert ("Here: " in found and "since start, evaluation and saving take" in found) is said


@pytest.mark.parametrize(
    ("count", "batch_size", "pairs", "why"),
    [
        (8, 4, 1, "a batch has fewer pairs than there are GPUs"),
        (2, 4, 4, "a step holds too little to keep them all busy"),
        (8, 64, 1, "GPUs that train together wait for each other"),
    ],
)
def test_the_speed_up_says_why_it_is_less(signed_in, make_dataset, count, batch_size, pairs, why):
    long = make_dataset(
        total_training_pairs=400_000,
        total_conversations=400_000 // pairs,
        total_tokens=400_000_000,
        longest_tokens=2000,
    )
    found = signed_in.post(ESTIMATE_URL, values(long, gpu_count=count, batch_size=batch_size)).context["speed_up"]
    assert found.endswith(f", since {why}.")


def test_the_speed_up_is_left_alone_where_it_is_true(signed_in, make_dataset):
    long = make_dataset(total_training_pairs=400_000, total_conversations=400_000, total_tokens=400_000_000)
    found = signed_in.post(ESTIMATE_URL, values(long, gpu_count=2, use_list="on")).context["speed_up"]
    assert found == "Training will be 2x faster (approximately)."


@pytest.fixture
def worker():
    def make(*base_models, may_fetch=False):
        now = timezone.now()
        return Worker.objects.create(
            name="gpu@host", host="host", queues=[GpuType.objects.get(name="A100-80GB").queue], started_at=now,
            last_seen_at=now, base_models=list(base_models), may_fetch=may_fetch,
        )  # fmt: skip

    return make


SMALL, LARGE = "HuggingFaceTB/SmolLM2-135M-Instruct", "Qwen/Qwen2.5-32B-Instruct"


def options(client, dataset, **address):
    """The base models as the page lists them: label of the group -> labels."""
    page = client.get(URL, {"datasetId": str(dataset.pk), **address})
    widget = page.context["form"]["base_model"]
    groups = widget.field.widget.optgroups("base_model", [str(page.context["form"]["base_model"].value())])
    return {label: [one["label"] for one in some] for label, some, _ in groups}


def test_base_models_stand_by_what_is_in_their_way_with_their_size(signed_in, dataset, worker):
    worker(SMALL, may_fetch=True)
    found = options(signed_in, dataset)
    assert found["Ready here"] == [f"{SMALL} (269 MB)"]
    assert f"{LARGE} (65.5 GB)" in found["Has to be fetched"]
    families = [label.split("/")[0] for label in found["Has to be fetched"]]
    assert len(set(families)) == sum(one != other for one, other in zip(families, [None, *families], strict=False))


def test_what_no_worker_can_load_is_there_for_its_price(signed_in, dataset, worker):
    worker(SMALL)
    found = options(signed_in, dataset)
    assert found.pop("Ready here") == [f"{SMALL} (269 MB)"]
    assert list(found) == ["On no worker yet: price only"]
    large = BaseModel.objects.get(name=LARGE).pk
    assert signed_in.post(ESTIMATE_URL, values(dataset, base_model=large)).context["quote"].price.total_cost > 0


def test_a_model_that_no_worker_can_load_is_refused_at_its_field_and_says_what_to_do(signed_in, dataset, worker):
    worker(SMALL)
    large = BaseModel.objects.get(name=LARGE).pk
    page = text(signed_in.get(URL, {"datasetId": str(dataset.pk), "base_model": large}))
    assert f"No A100-80GB worker can load {LARGE}. Choose another base model" in page
    assert "data-blocks-start" in page
    card = text(signed_in.post(ESTIMATE_URL, values(dataset, base_model=large)))
    assert 'data-problem="base_model"' in card
    answer = signed_in.post(URL, values(dataset, base_model=large))
    assert answer.status_code == 422
    assert not TrainingJob.objects.exists()


def test_a_model_that_no_worker_has_is_said_to_be_fetched(signed_in, dataset):
    large = BaseModel.objects.get(name=LARGE).pk
    assert "fetches it first (65.5 GB)" in text(signed_in.post(ESTIMATE_URL, values(dataset, base_model=large)))


ADDRESS = {
    "gpu_type": "H100", "gpu_count": "1", "epochs": "4", "learning_rate": "0.0001", "max_cost": "7.50",
    "gradient_checkpointing": "on", "within_hours": "3", "too_long": "drop", "micro_batch_size": "2", "use_list": "on",
}  # fmt: skip


def test_settings_in_the_address_are_shown_and_priced(signed_in, dataset):
    answer = signed_in.get(URL, {"datasetId": str(dataset.pk), **ADDRESS})
    form = answer.context["form"]
    shown = {name: as_sent(form.fields[name].prepare_value(form[name].value())) for name in ADDRESS}
    assert shown == {**ADDRESS, "within_hours": "3"}
    assert answer.context["quote"].price.hourly_rate == 4.2
    assert form["preset_id"].value() == "custom"
    assert "set-aside" not in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("gpu_count", "99", "Must be between 1 and 8."),
        ("gpu_type", "TPU", "Select a valid choice."),
        ("epochs", "<b>", "Enter a whole number."),
        ("max_cost", "0.2", "Must be at least $0.51"),
        ("micro_batch_size", "0", "Must be between 1 and 64."),
        ("base_model", "0", "Select a valid choice."),
        ("too_long", "shorten", "Must be one of"),
    ],
)
def test_a_bad_value_in_the_address_is_left_out_and_says_so_at_its_field(signed_in, dataset, name, value, why):
    answer = signed_in.get(URL, {"datasetId": str(dataset.pk), name: value, "rank": "20"})
    page = text(answer)
    note = page.partition(f'data-set-aside="{name}">')[2].partition("</p>")[0]
    assert note.startswith(f"The address has “{escape(value)}” here, which was left out. {why}")
    form = answer.context["form"]
    assert as_sent(form.fields[name].prepare_value(form[name].value())) == form.first_settings[name]
    assert form["rank"].value() == 20
    assert answer.context["quote"] is not None


def test_an_address_confirms_nothing_and_sets_no_price(signed_in, dataset):
    asked = {"allow_oom": "on", "allow_dropped_rows": "on", "quoted_cost": "1", "idempotency_key": "x"}
    form = signed_in.get(URL, {"datasetId": str(dataset.pk), **asked}).context["form"]
    assert form["idempotency_key"].value() != "x"
    assert not any(form[name].value() for name in ("allow_oom", "allow_dropped_rows", "quoted_cost"))


def test_what_is_wrong_with_a_field_stands_there_and_in_the_card_which_leads_to_it(signed_in, dataset):
    page = text(signed_in.post(URL, values(dataset, max_cost="0.2")))
    why = "Must be at least $0.51: keeping the adapter alone costs $0.50."
    assert f'id="id_max_cost_error" data-errors="max_cost"><p>{why}</p>' in page
    assert 'aria-invalid="true" aria-describedby="id_max_cost_helptext id_max_cost_error"' in page
    assert f'<li data-problem="max_cost"><a class="link" href="#id_max_cost">Stop at (US$)</a>: <span>{why}' in page


def test_a_browser_finds_the_servers_words_at_the_field(signed_in, dataset):
    page = text(signed_in.get(URL, {"datasetId": str(dataset.pk)}))
    assert 'data-range="Must be at least $0.51: keeping the adapter alone costs $0.50."' in page
    assert 'data-range="Must be between 1 and 64." data-step="Enter a whole number."' in page


def test_a_refused_job_keeps_its_estimate(signed_in, dataset):
    large = BaseModel.objects.get(name=LARGE).pk
    answer = signed_in.post(URL, values(dataset, base_model=large))
    assert answer.status_code == 422
    assert "Total Estimated Cost:" in text(answer)
    assert 'name="allow_oom"' in text(answer)
