"""From a broken file to a trained adapter, in a real Chromium with real workers."""

import json
import re

import pytest
from playwright.sync_api import expect

from datasets.models import Dataset
from tests.datasets.corpus import chat
from tests.e2e.conftest import wait_for_status
from tests.e2e.test_browser import chromium, pytestmark  # noqa: F401 - a fixture and marks, used by pytest
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
def visitor(chromium, web, user):  # noqa: F811 - pytest's way of using a fixture
    """A signed-in page; anything the browser complains of fails the test."""
    user.set_password("correct horse battery")
    user.save()
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, base_url=web)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/login")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/datasets")
    yield page
    context.close()
    assert complaints == []


def test_a_broken_file_is_read_reported_gone_on_with_and_trained_on(visitor, start_worker, tmp_path):
    start_worker("default")
    start_worker("gpu")
    file = tmp_path / "helpdesk.jsonl"
    file.write_bytes(broken_file())

    visitor.goto("/datasets/upload")
    visitor.get_by_label(re.compile("^Choose a file")).set_input_files(file)
    visitor.get_by_role("button", name="Upload").click()
    visitor.wait_for_url("**/datasets/*-*")
    expect(visitor.locator("#dataset-status")).to_contain_text("2 problems found", timeout=60_000)

    errors = visitor.get_by_role("region", name=re.compile("^Errors"))
    expect(errors).to_contain_text("Rows that are not valid JSON")
    expect(errors).to_contain_text('{"conversations": [{"from": "human", "value": "Hello"')
    errors.get_by_text("Unknown roles").click()
    expect(errors).to_contain_text('conversations[0].from is "narrator"; use system, human or gpt.')
    warnings = visitor.get_by_role("region", name=re.compile("^Warnings"))
    warnings.get_by_text("E-mail addresses").click()
    expect(warnings).to_contain_text("jane@acme.io")
    expect(visitor.locator("mark.trained").nth(1)).to_have_text("In short: red.<|im_end|>")
    with visitor.expect_download() as download:
        errors.get_by_role("link", name="CSV").click()
    assert len(download.value.path().read_text().splitlines()) > 3

    visitor.get_by_role("button", name="Train without these 2 rows").click()
    expect(visitor.get_by_text("2 rows left out")).to_be_visible()
    dataset = Dataset.objects.get()
    assert (dataset.format, dataset.left_out_count, dataset.total_training_pairs) == ("sharegpt", 2, 24)

    visitor.get_by_label("Longest sequence").select_option("256")
    expect(visitor.get_by_text("At 256 tokens nothing is cut off.")).to_be_visible()

    visitor.get_by_role("link", name="Configure training").click()
    visitor.wait_for_url("**/training/configure*")
    visitor.locator("label.choice", has_text="Fast").first.click()
    visitor.wait_for_timeout(900)
    visitor.get_by_role("button", name="Start Training").click()
    visitor.wait_for_url("**/training/jobs/*")
    job = wait_for_status(TrainingJob.objects.get().pk, "completed", "failed")
    assert job.status == "completed", job.error_message
    assert job.dataset_sha256 == dataset.version.sha256
    expect(visitor.locator("#job")).to_have_attribute("data-status", "completed")


def test_columns_of_other_names_are_mapped_in_the_browser(visitor, start_worker, tmp_path):
    start_worker("default")
    file = tmp_path / "faq.json"
    rows = [
        {"frage": question["content"], "antwort": answer["content"]} for question, answer in [chat(("Hi", "Hello"))]
    ]
    file.write_text(json.dumps(rows))
    visitor.goto("/datasets/upload")
    visitor.get_by_label(re.compile("^Choose a file")).set_input_files(file)
    visitor.get_by_role("button", name="Upload").click()
    visitor.wait_for_url("**/datasets/*-*")
    expect(visitor.get_by_text("No format fits the columns found: frage, antwort.")).to_be_visible(timeout=60_000)
    expect(visitor.get_by_label("messages")).to_be_hidden()
    visitor.get_by_label("prompt").select_option("frage")
    visitor.get_by_label("completion").select_option("antwort")
    visitor.get_by_role("button", name="Read again").click()
    expect(visitor.get_by_text("Ready for training")).to_be_visible(timeout=60_000)
    expect(visitor.locator("mark.trained").nth(1)).to_have_text("Hello<|im_end|>")
