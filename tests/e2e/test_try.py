"""Base and adapter side by side in a browser: streams in any pieces, two sides, several turns, stops and failures."""

import json
import os
import re
import signal

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import expect

from tests.e2e.conftest import BUNDLED, watched
from tests.e2e.listing import server_processes
from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest
from training.models import Artifact

ANSWER_MILLISECONDS = 180_000
"""The first one waits for a server that loads PyTorch and the model, on a machine that is busy."""


def with_the_bundled_model(test):
    """At one width alone: what answers takes its time."""
    return pytest.mark.slow(pytest.mark.parametrize("width", [1280], ids=["wide"], indirect=True)(test))


STREAM = (
    ': starting\r\n\r\n: queued 2\n\ndata: {"a":\ndata: 1}\r\rdata:höh\u20ac😀\n\nevent: x\ndata: [DONE]\n\ndata: lost'
)
EVENTS = [
    {"comment": "starting"},
    {"comment": "queued 2"},
    {"data": '{"a":\n1}'},
    {"data": "höh€😀"},
    {"data": "[DONE]"},
]
READ = """async ([bytes, size]) => {
    const { events } = await import("/static/js/try/events.js");
    const body = new ReadableStream({
        start(controller) {
            const piece = (at) => controller.enqueue(new Uint8Array(bytes.slice(at, at + size)));
            for (let at = 0; at < bytes.length; at += size) piece(at);
            controller.close();
        },
    });
    const found = [];
    for await (const event of events(body)) found.push(event);
    return found;
}"""


@pytest.fixture
def tried(put_job, dataset):
    """A finished job with something to download."""
    job = put_job("completed", name="Tone", progress=100)
    file = ContentFile(b"PK", name=f"{job.pk}.zip")
    Artifact.objects.create(job=job, file=file, file_name="adapter.zip", size=9, sha256="0" * 64)
    return job


@pytest.fixture
def unwatched(chromium, web, width, session):
    """A page whose console may complain: of connections that break."""
    with watched(chromium, web, width, console=False) as page:
        page.context.add_cookies([session])
        yield page


def test_a_stream_is_read_alike_however_it_is_cut(page):
    sent = list(STREAM.encode())
    for size in (*range(1, 12), len(sent)):
        assert page.evaluate(READ, [sent, size]) == EVENTS, size


def prompt(page):
    return page.get_by_label("Prompt", exact=True)


def answers(page, state):
    return page.locator(f".answer[data-state={state}]")


def test_a_server_that_cannot_be_reached_is_said_to_be_and_asked_again(unwatched, tried):
    page = unwatched
    page.goto(f"/training/jobs/{tried.pk}")
    page.get_by_role("link", name="Try it").click()
    expect(page.get_by_role("heading", name="Ask both")).to_be_visible()
    expect(page.locator("#prompts")).to_contain_text("Write a prompt of your own below.")
    prompt(page).press("Enter")
    expect(page.locator(".exchange")).to_have_count(0)
    page.context.set_offline(True)
    prompt(page).fill("Hello")
    prompt(page).press("Shift+Enter")
    prompt(page).press("Enter")
    expect(answers(page, "broken")).to_have_count(2)
    expect(prompt(page)).to_have_value("")
    expect(prompt(page)).to_be_focused()
    for answer in answers(page, "broken").all():
        expect(answer).to_contain_text("The server cannot be reached.")
    answers(page, "broken").first.get_by_role("button", name="Try again").click()
    expect(answers(page, "broken")).to_have_count(2)
    expect(prompt(page)).to_be_focused()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".exchange")).to_have_count(0)
    expect(page.get_by_role("heading", name="Ask both")).to_be_visible()


def test_a_setting_that_cannot_be_is_said_at_its_field(page, tried):
    page.goto(f"/training/jobs/{tried.pk}/try")
    page.get_by_text("System prompt and settings").click()
    for label, value in (("Temperature", "3"), ("Top-p", "0"), ("Maximum tokens", "1.5"), ("Seed", "")):
        field = page.get_by_label(label, exact=True)
        right = field.input_value()
        field.fill(value)
        prompt(page).fill("Hello")
        prompt(page).press("Enter")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{field.get_attribute('id')}-error")).not_to_be_empty()
        expect(page.locator(".exchange")).to_have_count(0)
        field.fill(right)


def open_with(page, job, **settings):
    page.goto(f"/training/jobs/{job.pk}/try")
    page.get_by_text("System prompt and settings").click()
    for label, value in ({"Temperature": 0, "Maximum tokens": 12} | settings).items():
        page.get_by_label(label, exact=True).fill(str(value))
    page.sent = []
    page.on("request", lambda request: page.sent.append(request.post_data_json) if "/v1/" in request.url else None)


def ask(page, text):
    prompt(page).fill(text)
    prompt(page).press("Enter")


@with_the_bundled_model
def test_both_answer_turn_by_turn_each_after_its_own_words(page, trained):
    open_with(page, trained)
    expect(page.locator("[data-row]").first).to_be_visible()
    page.get_by_label("System prompt").fill("Be brief.")
    ask(page, "What is the capital of France?")
    expect(answers(page, "whole")).to_have_count(2, timeout=ANSWER_MILLISECONDS)
    first = answers(page, "whole").locator(".said").all_text_contents()
    assert first[0] != first[1]
    for figures in answers(page, "whole").locator("[data-figures]").all_text_contents():
        assert re.search(r"first token after [\d.]+ s · [\d.]+ tokens/s · \d+ tokens?", figures), figures
    expect(prompt(page)).to_be_focused()

    ask(page, "And of Spain?")
    expect(answers(page, "whole")).to_have_count(4, timeout=ANSWER_MILLISECONDS)
    assert {body["model"] for body in page.sent} == {BUNDLED, f"{BUNDLED}:{trained.pk}"}
    for body in page.sent[2:]:
        own = first[0] if body["model"] == BUNDLED else first[1]
        assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
        assert body["messages"][2]["content"] == own
        assert (body["seed"], body["temperature"], body["max_tokens"]) == (42, 0, 12)


@with_the_bundled_model
def test_a_row_is_asked_with_one_click_and_its_own_answer_stands_beside(page, trained):
    open_with(page, trained)
    row = page.locator("[data-row]").first
    row.click()
    expect(answers(page, "whole")).to_have_count(2, timeout=ANSWER_MILLISECONDS)
    asked = json.loads(page.locator("#asked").text_content())[0]
    expect(page.locator(".asked .said")).to_have_text(asked["messages"][-1]["content"])
    expect(page.locator(".reference .said")).to_have_text(asked["reference"])
    assert page.sent[0]["messages"] == asked["messages"]


@with_the_bundled_model
def test_escape_stops_both_and_what_was_said_stays(page, trained):
    open_with(page, trained, **{"Maximum tokens": 2000})
    ask(page, "Write a long story about the sea.")
    expect(answers(page, "growing").first).to_be_visible(timeout=ANSWER_MILLISECONDS)
    page.keyboard.press("Escape")
    expect(answers(page, "stopped")).to_have_count(2)
    assert answers(page, "stopped").first.locator(".said").text_content()
    expect(prompt(page)).to_be_focused()
    ask(page, "Hello")  # the server is free again
    expect(answers(page, "growing").first).to_be_visible(timeout=ANSWER_MILLISECONDS)
    page.get_by_role("button", name="Stop").click()
    expect(answers(page, "stopped")).to_have_count(4)


@with_the_bundled_model
def test_a_server_that_is_killed_is_said_to_be_beside_the_broken_answer(unwatched, trained, bundled):
    page = unwatched
    open_with(page, trained, **{"Maximum tokens": 2000})
    ask(page, "Write a long story about the sea.")
    expect(answers(page, "growing").first).to_be_visible(timeout=ANSWER_MILLISECONDS)
    for pid in server_processes(bundled):
        os.kill(pid, signal.SIGKILL)
    broken = answers(page, "broken").first
    expect(broken).to_contain_text("The inference server stopped in the middle of this answer.", timeout=30_000)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.get_by_role("button", name="Try again").first.click()
    expect(answers(page, "growing").first).to_be_visible(timeout=ANSWER_MILLISECONDS)
    page.keyboard.press("Escape")
