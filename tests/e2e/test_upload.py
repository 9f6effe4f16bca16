"""Uploads that are refused, in a real Chromium: the page says what the server said, at the field where there is one."""

import json

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import watched
from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest

PAGE = "text/html; charset=utf-8"
PROXY = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
ROW = b'{"text": "Hello"}\n'


@pytest.fixture
def page(chromium, web, session):
    """A signed-in page; the browser's own notes on refused requests are no failure."""
    with watched(chromium, web, 1280, console=False) as page:
        page.context.add_cookies([session])
        yield page


@pytest.fixture
def press(page, tmp_path):
    """Choose a file of this name and press Upload."""

    def press(name="chats.jsonl", content=ROW, path="/datasets/upload", **fields):
        file = tmp_path / name
        file.write_bytes(content)
        page.goto(path)
        page.locator("input[type=file]").set_input_files(file)
        for label, value in fields.items():
            page.get_by_label(label).fill(value)
        page.get_by_role("button", name="Upload").click()

    return press


def answer(page, *, status, body="", kind=PAGE, **headers):
    """Answer the upload in the server's place, as a proxy might."""

    def fulfil(route):
        if route.request.method == "POST":
            route.fulfill(status=status, body=body, content_type=kind, headers=headers or None)
        else:
            route.continue_()

    page.route("**/datasets/**", fulfil)


def problem(page):
    return page.locator("#upload-problem")


def errors(page, field):
    return page.locator(f"[data-errors={field}]")


def failure(error, details=None):
    return {"body": json.dumps({"error": error, "details": details}), "kind": "application/json"}


REFUSALS = {
    "too large, says a proxy": (413, {"body": PROXY.format("413 Request Entity Too Large")}, "larger than the server"),
    "too large, says the API": (413, failure("It is over 5 GB.", {"file": ["It is over 5 GB."]}), "It is over 5 GB."),
    "another kind": (415, {}, "does not take files of this kind"),
    "another kind, in words": (415, failure("Send a multipart form."), "Send a multipart form."),
    "not taken": (422, {}, "does not take this file"),
    "not taken, in plain text": (422, {"body": "Virus found: Eicar", "kind": "text/plain"}, "Virus found: Eicar"),
    "not read": (400, {"body": "{", "kind": "application/json"}, "could not read what was sent"),
    "not read, in words": (400, failure("Multipart form parse error"), "Multipart form parse error"),
    "not allowed": (403, {}, "does not let you upload"),
    "not allowed, in words": (403, failure("Your quota is used up."), "Your quota is used up."),
    "gone": (404, {}, "may have been deleted"),
    "busy": (409, failure("The dataset is being validated."), "The dataset is being validated."),
    "busy, with more to say": (409, failure("It is needed.", "A job needs it."), "It is needed. A job needs it."),
    "too often": (429, {"Retry-After": "30"}, "Try again in 30 seconds."),
    "too often, without a time": (429, {}, "Try again in a moment."),
    "failed without a word": (500, {"kind": "text/plain"}, "The server failed (500)."),
    "failed in front of us": (502, {"body": PROXY.format("502 Bad Gateway")}, "The server failed (502)."),
    "failed, in words": (503, {"body": "Upgrading until 14:00", "kind": "text/plain"}, "Upgrading until 14:00"),
    "a status of its own": (418, {}, "refused the upload (418)"),
}


@pytest.mark.parametrize(("status", "said", "shown"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_told_in_the_servers_words_or_by_its_status(page, press, status, said, shown):
    answer(page, status=status, **said)
    press()
    expect(problem(page)).to_contain_text(shown)
    expect(problem(page)).to_be_visible()
    expect(page.get_by_role("button", name="Upload")).to_be_enabled()
    expect(page.locator("#upload-progress")).to_be_hidden()
    expect(page.locator("#chosen")).to_contain_text("chats.jsonl")


def test_what_a_field_has_wrong_stands_at_the_field(page, press):
    answer(page, status=422, **failure("Validation error", {"name": ["Too long."], "tool_calls": ["No such choice."]}))
    press()
    expect(problem(page)).to_contain_text("Validation error")
    expect(errors(page, "name")).to_have_text("Too long.")
    expect(errors(page, "tool_calls")).to_be_visible()  # what holds it was opened
    name = page.get_by_label("Name")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("If empty, the file's name is used. Too long.")
    page.unroute("**/datasets/**")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/*-*")


def test_what_belongs_to_no_field_of_the_page_is_told_all_the_same(page, press):
    answer(page, status=400, **failure("Validation error", {"mapping": ["No format has a field x."], "": ["No."]}))
    press()
    expect(problem(page)).to_contain_text("Validation error No format has a field x. No.")


def test_the_servers_own_form_says_what_is_wrong_where(page, press):
    press("chats.docx")
    expect(errors(page, "file")).to_contain_text("this is “chats.docx”")
    page.get_by_label("Name").evaluate("input => input.removeAttribute('maxlength')")
    page.get_by_label("Name").fill("x" * 201)
    page.locator("input[type=file]").set_input_files({"name": "a.jsonl", "mimeType": "text/plain", "buffer": ROW})
    page.get_by_role("button", name="Upload").click()
    expect(errors(page, "name")).to_contain_text("at most 200 characters")
    expect(errors(page, "file")).to_be_empty()
    expect(problem(page)).to_contain_text("Correct what is marked below.")


def test_the_same_file_again_is_told_as_such(page, press, ready):
    with ready.version.file.open("rb") as file:
        press(content=file.read(), path=f"/datasets/{ready.pk}/upload")
    expect(problem(page)).to_contain_text("the same as version 1")


def test_a_page_from_before_signing_in_says_so(page, press):
    def without_token(route):
        headers = {**route.request.headers, "x-csrftoken": ""}
        body = (route.request.post_data_buffer or b"").replace(b"csrfmiddlewaretoken", b"csrfmiddlewaretokem")
        route.continue_(headers=headers, post_data=body)

    page.route("**/datasets/upload", lambda route: without_token(route))
    press()
    expect(problem(page)).to_contain_text("This page is too old. You have signed in or out since")


def test_a_form_that_breaks_off_is_told_in_the_servers_words(page, press):
    def broken(route):
        headers = {**route.request.headers, "content-type": "multipart/form-data"}
        route.continue_(headers=headers)

    page.route(
        "**/datasets/upload", lambda route: broken(route) if route.request.method == "POST" else route.continue_()
    )
    press()
    expect(problem(page)).to_contain_text("The server could not read this request")


def test_a_lost_connection_is_told_and_the_file_stays_chosen(page, press):
    page.route(
        "**/datasets/upload", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    press()
    expect(problem(page)).to_contain_text("The connection was lost")
    expect(page.locator("#chosen")).to_contain_text("chats.jsonl")
    page.unroute("**/datasets/upload")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/*-*")


def test_a_file_over_the_limit_is_refused_before_it_is_sent(page, press):
    def small(route):
        response = route.fetch()
        route.fulfill(
            response=response, body=response.text().replace('data-max-bytes="', 'data-max-bytes="5" data-was="')
        )

    page.route("**/datasets/upload", small)
    press()
    expect(problem(page)).to_contain_text("The file is larger than the limit of 1.0")
    assert page.url.endswith("/datasets/upload")
