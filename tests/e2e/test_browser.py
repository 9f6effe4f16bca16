"""The pages in a real Chromium."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import CHROMIUM
from training.models import TrainingJob

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
]


@pytest.fixture
def configure(page, dataset):
    page.goto(f"/training/configure?datasetId={dataset.pk}&use_list=on")
    page.estimates = []
    page.on("request", lambda request: page.estimates.append(request) if "/estimate" in request.url else None)
    page.evaluate("window.movements = []; addEventListener('input', () => movements.push(performance.now()))")
    return page


def test_signing_in_leads_to_the_data_sets(visitor, user):
    user.set_password("correct horse battery")
    user.save()
    visitor.goto("/login")
    visitor.get_by_label("Username").fill("ada")
    visitor.get_by_label("Password").fill("correct horse battery")
    visitor.get_by_role("button", name="Sign in").click()
    visitor.wait_for_url("**/datasets")


def unfold(page):
    """Show the sliders, which a narrow screen folds away."""
    if page.get_by_role("button", name="Adjust").is_visible():
        page.get_by_role("button", name="Adjust").click()


def total(page):
    return page.locator("[data-total]")


def drag(page, slider, start, end, moves=35):
    slider.scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 120)")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, middle)
    page.mouse.down()
    for move in range(1, moves + 1):
        page.mouse.move(box["x"] + box["width"] * (start + (end - start) * move / moves), middle)
        page.wait_for_timeout(10)
    page.mouse.up()


def bursts(page):
    """How many there were of movements with pauses between them, which a loaded machine makes of one drag."""
    return page.evaluate("movements.filter((at, nth) => !nth || at - movements[nth - 1] > 500).length")


def settled(page):
    page.wait_for_timeout(900)
    expect(page.locator("#start")).to_be_enabled()


def test_a_slider_drag_makes_one_request_and_the_estimate_follows(configure):
    expect(total(configure)).to_have_text("$4.32")
    unfold(configure)
    epochs = configure.get_by_label("Training Epochs")
    drag(configure, epochs, 0.23, 0.95)
    expect(configure.locator("#start")).to_be_disabled()
    expect(configure.get_by_text("Calculating cost estimate...")).to_be_visible()
    settled(configure)
    assert len(configure.estimates) == bursts(configure)
    assert int(epochs.input_value()) >= 9
    expect(total(configure)).not_to_have_text("$4.32")
    expect(configure.locator("input[value=custom]")).to_be_checked()


def test_a_preset_sets_every_slider_with_one_request_and_a_slider_leaves_it(configure):
    configure.get_by_text("Maximum quality for production models").click()
    settled(configure)
    assert len(configure.estimates) == 1
    values = {
        name: configure.locator(f"[name={name}]").input_value()
        for name in ("learning_rate", "batch_size", "epochs", "rank", "alpha", "dropout")
    }
    assert values == {
        "learning_rate": "0.00003", "batch_size": "2", "epochs": "5", "rank": "32", "alpha": "64", "dropout": "0.1",
    }  # fmt: skip
    expect(configure.locator("output[for=id_learning_rate]")).to_have_text("0.00003")
    expect(configure.get_by_text("based on Quality preset")).to_be_visible()

    unfold(configure)
    configure.get_by_role("slider", name="LoRA Rank").press("ArrowRight")
    expect(configure.locator("input[value=custom]")).to_be_checked()
    expect(configure.locator("output[for=id_rank]")).to_have_text("36")
    configure.get_by_role("slider", name="LoRA Rank").press("ArrowLeft")
    expect(configure.locator("input[value=quality]")).to_be_checked()


def test_of_two_quick_changes_the_last_answer_wins(configure):
    count = configure.get_by_label("Number of GPUs")
    count.press("End")
    configure.wait_for_timeout(520)  # the first request has just left
    count.press("Home")
    settled(configure)
    expect(configure.locator("#estimate")).to_contain_text("$3.50/hr")
    expect(configure.locator("output[for=id_gpu_count]")).to_have_text("1")


def test_start_lands_on_the_monitor_with_a_toast(configure):
    configure.get_by_text("NVIDIA H100").click()
    settled(configure)
    shown = total(configure).text_content()
    configure.get_by_role("button", name="Start Training").click()
    configure.wait_for_url("**/training/jobs/*")
    expect(configure.locator(".toast")).to_contain_text("Training job created and queued for processing")
    expect(configure.get_by_text("Waiting for an H100 worker: none is connected.")).to_be_visible()
    job = TrainingJob.objects.get()
    assert configure.url.endswith(str(job.pk))
    assert f"${job.quoted_cost}" == shown == f"${job.estimated_total_cost}"
    configure.get_by_role("button", name="Cancel job").click()
    expect(configure.locator("#job")).to_have_attribute("data-status", "cancelled")


def test_what_does_not_fit_waits_for_a_confirmation_or_a_way_out(configure):
    configure.get_by_label("Base model", exact=True).select_option(label="Qwen/Qwen2.5-32B-Instruct (65.5 GB)")
    configure.wait_for_timeout(900)
    expect(configure.locator("#estimate .verdict")).to_have_text("Does not fit")
    expect(configure.locator("#start")).to_be_disabled()
    configure.get_by_label("Start anyway").check()
    expect(configure.locator("#start")).to_be_enabled()
    configure.get_by_role("button", name="Gradient checkpointing").click()
    settled(configure)
    expect(configure.locator("#estimate .verdict")).not_to_have_text("Does not fit")
    expect(configure.locator("#id_gradient_checkpointing")).to_be_checked()


def test_no_page_is_wider_than_the_screen(page, dataset, make_dataset, width):
    broken = make_dataset(
        status="error",
        training_ready=False,
        error_count=1,
        error_report=[{"line": 1, "reason": "x" * 300}],
        name="y" * 200,
    )
    for path in (
        "/datasets", "/datasets/upload", f"/datasets/{dataset.pk}", f"/datasets/{broken.pk}", "/training/configure",
        f"/training/configure?datasetId={dataset.pk}", "/training/jobs", "/training/accuracy", "/notifications",
        "/account",
    ):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_theme_is_the_systems_until_chosen_and_then_remembered(page):
    is_dark = "document.documentElement.classList.contains('dark')"
    assert page.evaluate(is_dark) is False
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate(is_dark) is True
    page.reload()
    assert page.evaluate(is_dark) is True


def test_an_upload_in_the_browser_reaches_its_page(page, tmp_path):
    file = tmp_path / "chats.jsonl"
    file.write_text('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n')
    page.goto("/datasets/upload")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("#chosen")).to_contain_text("chats.jsonl")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/*-*")
    expect(page.get_by_role("heading", name="chats")).to_be_visible()
