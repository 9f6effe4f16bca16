"""From a broken file to a trained adapter, in a real Chromium with real workers."""

import json
import re

import pytest
from playwright.sync_api import expect

from datasets.models import Dataset
from tests.datasets.corpus import chat
from tests.e2e.conftest import wait_for_status
from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest
from training.models import TrainingJob


def broken_file():
    """24 good ShareGPT rows, two of the usual mistakes, and an address that should not be there."""
    rows = [
        {"conversations": [{"from": "human", "value": f"Say {word}"}, {"from": "gpt", "value": f"In short: {word}."}]}
        for word in ("red", "blue", "green", "cold", "warm", "big", "small", "fast", "slow", "north", "south", "east")
        for _ in range(2)
    ]
    lines = [json.dumps(row) for row in rows]
    lines.insert(3, '{"conversations": [{"from": "human", "value": "Hello"')
    lines.insert(7, json.dumps({"conversations": [{"from": "narrator", "value": "Hello"}]}))
    lines[10] = lines[10].replace("In short", "Ask jane@acme.io")
    return "\n".join(lines).encode()


@pytest.fixture
def width():
    return 1280


def test_a_broken_file_is_read_reported_gone_on_with_and_trained_on(page, start_worker, tmp_path):
    start_worker("default")
    start_worker("gpu")
    file = tmp_path / "helpdesk.jsonl"
    file.write_bytes(broken_file())

    page.goto("/datasets/upload")
    page.get_by_label(re.compile("^Choose a file")).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/*-*")
    expect(page.locator("#dataset-status")).to_contain_text("2 problems found", timeout=60_000)

    errors = page.get_by_role("region", name=re.compile("^Errors"))
    expect(errors).to_contain_text("Rows that are not valid JSON")
    expect(errors).to_contain_text('{"conversations": [{"from": "human", "value": "Hello"')
    errors.get_by_text("Unknown roles").click()
    expect(errors).to_contain_text('conversations[0].from is "narrator"; use system, user, assistant or tool')
    warnings = page.get_by_role("region", name=re.compile("^Warnings"))
    warnings.get_by_text("E-mail addresses").click()
    expect(warnings).to_contain_text("jane@acme.io")
    expect(page.locator("mark.trained").nth(1)).to_have_text("In short: red.<|im_end|>")
    with page.expect_download() as download:
        errors.get_by_role("link", name="CSV").click()
    assert len(download.value.path().read_text().splitlines()) > 3

    page.get_by_role("button", name="Train without these 2 rows").click()
    expect(page.get_by_text("2 rows left out")).to_be_visible()
    dataset = Dataset.objects.get()
    assert (dataset.format, dataset.left_out_count, dataset.total_training_pairs) == ("sharegpt", 2, 24)

    page.get_by_label("Longest sequence").select_option("256")
    expect(page.get_by_text("At 256 tokens every conversation fits whole.")).to_be_visible()

    page.get_by_role("link", name="Configure training").click()
    page.wait_for_url("**/training/configure*")
    page.locator("label.choice", has_text="Fast").first.click()
    page.wait_for_timeout(900)
    page.get_by_role("button", name="Start Training").click()
    page.wait_for_url("**/training/jobs/*")
    job = wait_for_status(TrainingJob.objects.get().pk, "completed", "failed")
    assert job.status == "completed", job.error_message
    assert job.dataset_sha256 == dataset.version.sha256
    expect(page.locator("#job")).to_have_attribute("data-status", "completed")


def test_columns_of_other_names_are_mapped_in_the_browser(page, start_worker, tmp_path):
    start_worker("default")
    file = tmp_path / "faq.json"
    rows = [
        {"frage": question["content"], "antwort": answer["content"]} for question, answer in [chat(("Hi", "Hello"))]
    ]
    file.write_text(json.dumps(rows))
    page.goto("/datasets/upload")
    page.get_by_label(re.compile("^Choose a file")).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/*-*")
    expect(page.get_by_text("No format fits the columns found: frage, antwort.")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("messages")).to_be_hidden()
    page.get_by_label("prompt").select_option("frage")
    page.get_by_label("completion").select_option("antwort")
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_text("Ready for training")).to_be_visible(timeout=60_000)
    expect(page.locator("mark.trained").nth(1)).to_have_text("Hello<|im_end|>")
