"""/training/configure: what the page offers, prices and starts."""

from decimal import Decimal

import pytest

from notifications.models import Notification
from tests.training.measured import record, start
from training.core.presets import PRESETS
from training.models import BaseModel, GpuType, TrainingJob

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
    page = text(signed_in.get(URL, {"datasetId": str(dataset.pk)}))
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
    answer = signed_in.post(URL, values(dataset, quoted_cost="4.32"), follow=True)
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
    GpuType.objects.create(name="B200", label="NVIDIA B200", price_per_hour="6.00", tokens_per_second=4000, position=9)
    assert "NVIDIA B200" in text(signed_in.get(URL, {"datasetId": str(dataset.pk)}))
    answer = signed_in.post(ESTIMATE_URL, values(dataset, gpu_type="B200", gpu_count=1))
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


def test_every_choice_is_in_the_table_the_picture_and_the_three_that_stand_out(signed_in, dataset):
    page = signed_in.get(URL, {"datasetId": str(dataset.pk)}).content.decode()
    assert page.count('name="change" value="gpu_type=') == 32 + 3
    assert page.count("data-change=") == 32
    assert "Cheapest under" in page


def test_the_live_answer_brings_every_choice_with_it(signed_in, dataset):
    answer = signed_in.post(ESTIMATE_URL, values(dataset, gpu_type="H100", gpu_count=3), headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert '<div id="choices" hx-swap-oob="innerHTML">' in page
    assert page.count('aria-current="true"') >= 1


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


def test_the_page_says_where_its_figures_are_from_and_can_go_back_to_the_list(signed_in, user, dataset):
    first = text(signed_in.post(ESTIMATE_URL, values(dataset)))
    assert "List figures. No run like this one has been measured yet." in first
    assert "as of 25 Dec 2025" in first
    for _ in range(3):
        record(start(user, dataset, gpu="A100-80GB"), device_name="NVIDIA A100-SXM4-80GB")
    assert "From 3 runs like this one." in text(signed_in.post(ESTIMATE_URL, values(dataset)))
    listed = text(signed_in.post(ESTIMATE_URL, values(dataset, use_list="on")))
    assert "List figures." in listed
    assert "$4.32" in listed


def test_base_models_are_grouped_by_family(signed_in, dataset):
    page = signed_in.get(URL, {"datasetId": str(dataset.pk)}).content.decode()
    for family in ("SmolLM2", "Qwen", "Llama", "Mistral", "Gemma", "Phi"):
        assert f'<optgroup label="{family}">' in page


def test_a_model_that_this_host_lacks_is_said_to_need_fetching(signed_in, dataset):
    large = BaseModel.objects.get(name="Qwen/Qwen2.5-32B-Instruct").pk
    assert "no copy of the base model" in text(signed_in.post(ESTIMATE_URL, values(dataset, base_model=large)))
