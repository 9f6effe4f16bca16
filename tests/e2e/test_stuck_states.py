"""Answers that come late, wrong or not at all, in a real Chromium: no page waits for ever, or trusts an old price."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import watched
from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest
from training.core.hyperparameters import LIMITS
from training.models import BaseModel, DataFit, JobMetric

ESTIMATE = "**/configure/estimate"
METRICS = "**/metrics?*"


@pytest.fixture
def page(chromium, web, session):
    """A signed-in page; an error of a script fails the test."""
    with watched(chromium, web, 1280, console=False) as page:
        page.context.add_cookies([session])
        yield page


@pytest.fixture
def configure(page, dataset):
    page.goto(f"/training/configure?datasetId={dataset.pk}&use_list=on")
    expect(page.locator("[data-total]")).to_have_text("$4.32")
    return page


@pytest.fixture
def asked(configure):
    """When an estimate was asked for."""
    moments = []
    configure.on("request", lambda one: moments.append(time.monotonic()) if one.url.endswith("/estimate") else None)
    return moments


def move(page, label="Training Epochs", key="ArrowRight"):
    page.get_by_role("slider", name=label).press(key)


def start(page):
    return page.locator("#start")


def try_again(page):
    return page.get_by_role("status").filter(has_text="It could not be fetched. The page keeps trying.")


def fail_first(page, url, *statuses):
    """Answer the first requests with these, 0 for a broken connection; the server answers the others."""
    left = list(statuses)

    def answer(route):
        if not left:
            route.continue_()
        elif status := left.pop(0):
            route.fulfill(status=status, body="An error")
        else:
            route.abort()

    page.route(url, answer)


def hold(page, url):
    """The requests that wait for the test to answer them."""
    held = []
    page.route(url, lambda route: held.append(route))  # a function: Playwright keeps a note on it
    return held


def last_of(held, count, page):
    while len(held) < count:
        page.wait_for_timeout(10)
    return held[-1]


def test_an_answer_to_an_older_input_changes_nothing(configure):
    held = hold(configure, ESTIMATE)
    move(configure)
    older = last_of(held, 1, configure)
    answer = older.fetch()
    move(configure)
    with configure.expect_event("requestfinished"):
        older.fulfill(response=answer)
    configure.wait_for_timeout(100)
    expect(start(configure)).to_be_disabled()
    expect(configure.locator("[data-total]")).to_have_text("$4.32")
    expect(configure.get_by_text("Calculating cost estimate...")).to_be_visible()

    newer = last_of(held, 2, configure)
    assert "epochs=5" in newer.request.post_data
    newer.continue_()
    expect(start(configure)).to_be_enabled()
    expect(configure.locator("[data-total]")).not_to_have_text("$4.32")


def test_the_second_confirmation_is_not_for_a_price_that_is_asked_for_again(configure):
    configure.get_by_label("Base model", exact=True).select_option(label="Qwen/Qwen2.5-32B-Instruct (65.5 GB)")
    expect(configure.locator("#estimate .verdict")).to_have_text("Does not fit")
    hold(configure, ESTIMATE)
    move(configure)
    configure.get_by_label("Start anyway").check()
    expect(start(configure)).to_be_disabled()


def test_an_error_is_recovered_from_by_itself_ever_more_patiently(configure, asked):
    fail_first(configure, ESTIMATE, 500, 502)
    move(configure)
    expect(try_again(configure)).to_be_visible()
    expect(configure.get_by_text("Calculating cost estimate...")).to_be_hidden()
    expect(start(configure)).to_be_disabled()
    expect(start(configure)).to_be_enabled(timeout=12_000)
    expect(try_again(configure)).to_have_count(0)
    expect(configure.locator("[data-total]")).not_to_have_text("$4.32")
    expect(configure.locator(".toast")).to_have_count(0)
    first, second, third = asked
    assert second - first > 2
    assert third - second > 4


def test_the_network_coming_back_ends_the_waiting_at_once(configure, asked):
    configure.context.set_offline(True)
    move(configure)
    expect(try_again(configure)).to_be_visible()
    configure.wait_for_timeout(3000)  # another try has failed, the next is four seconds away
    expect(start(configure)).to_be_disabled()
    configure.context.set_offline(False)
    expect(start(configure)).to_be_enabled(timeout=3000)
    assert len(asked) == 3


def test_a_press_on_try_again_asks_at_once(configure, asked):
    fail_first(configure, ESTIMATE, 0)
    move(configure)
    try_again(configure).get_by_role("button", name="Try again").click()
    expect(start(configure)).to_be_enabled()
    first, second = asked
    assert second - first < 2


def test_a_request_that_is_too_slow_is_tried_again(configure):
    configure.locator("#configure").evaluate("form => form.setAttribute('hx-request', '{\"timeout\": 300}')")
    held = hold(configure, ESTIMATE)
    move(configure)
    expect(try_again(configure)).to_be_visible()
    configure.locator("#configure").evaluate("form => form.setAttribute('hx-request', '{\"timeout\": 20000}')")
    last_of(held, 2, configure).continue_()
    expect(start(configure)).to_be_enabled()


@pytest.mark.parametrize("status", [400, 404, 422, 429])
def test_an_answer_that_says_no_is_recovered_from_as_soon_as_the_form_changes(configure, status):
    fail_first(configure, ESTIMATE, status)
    move(configure)
    expect(try_again(configure)).to_be_visible()
    move(configure)
    expect(try_again(configure)).to_have_count(0)
    expect(start(configure)).to_be_enabled()


def test_a_refused_request_is_not_repeated_and_the_page_comes_back_as_it_was(configure, asked):
    fail_first(configure, ESTIMATE, 403)
    move(configure)
    expect(configure.get_by_role("alert")).to_contain_text("Your session has expired")
    configure.wait_for_timeout(3000)
    expect(start(configure)).to_be_disabled()
    expect(configure.get_by_text("Calculating cost estimate...")).to_be_hidden()
    assert len(asked) == 1
    configure.get_by_role("link", name="Reload the page").click()
    expect(start(configure)).to_be_enabled()
    expect(configure.get_by_role("slider", name="Training Epochs")).to_have_value("4")


def test_who_has_to_sign_in_comes_back_to_what_was_chosen(configure):
    configure.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    move(configure)
    configure.wait_for_url(re.compile(r"/login\?next="))
    assert parse_qs(parse_qs(urlsplit(configure.url).query)["next"][0].partition("?")[2])["epochs"] == ["4"]


STOP_AT = "Must be at least $0.51: keeping the adapter alone costs $0.50."


def says(page, label, text):
    """It stands at the field, and in the card, which leads to it."""
    field = page.get_by_label(label)
    expect(field).to_have_accessible_description(re.compile(re.escape(text)))
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text(text)
    expect(page.get_by_text("Calculating cost estimate...")).to_be_hidden()
    expect(start(page)).to_be_disabled()


def says_nothing(page, label):
    expect(page.get_by_label(label)).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label(label)).not_to_have_accessible_description(re.compile("Must be"))
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(start(page)).to_be_enabled()


def test_an_invalid_field_says_why_and_the_estimate_comes_back_by_itself(configure, asked):
    budget = configure.get_by_label("Stop at (US$)")
    for value in ("0.2", "0.3"):
        budget.fill(value)
        says(configure, "Stop at (US$)", STOP_AT)
    expect(budget).to_be_focused()
    assert asked == []
    budget.fill("100")
    says_nothing(configure, "Stop at (US$)")
    assert len(asked) == 1


def test_an_emptied_field_is_right_again(configure):
    configure.get_by_label("Stop at (US$)").fill("0.2")
    says(configure, "Stop at (US$)", STOP_AT)
    configure.get_by_label("Stop at (US$)").fill("")
    says_nothing(configure, "Stop at (US$)")


def test_of_two_invalid_fields_the_second_is_named_once_the_first_is_right(configure):
    hours = configure.get_by_label("Cheapest under")
    hours.fill("0")
    configure.get_by_label("Stop at (US$)").fill("0.123")
    says(configure, "Stop at (US$)", STOP_AT)
    says(configure, "Cheapest under", "Must be at least 0.01 hours.")
    configure.get_by_label("Stop at (US$)").fill("1.234")
    says(configure, "Stop at (US$)", "Enter an amount in dollars and cents, such as 12.50.")
    configure.get_by_label("Stop at (US$)").fill("1.23")
    says(configure, "Cheapest under", "Must be at least 0.01 hours.")
    expect(configure.get_by_role("alert")).not_to_contain_text("Stop at")
    hours.fill("2")
    says_nothing(configure, "Cheapest under")


def test_what_only_the_server_finds_stands_at_the_field_too(configure):
    budget = configure.get_by_label("Stop at (US$)")
    budget.fill("1" * 21)
    says(configure, "Stop at (US$)", "Ensure that there are no more than 20 digits in total.")
    budget.fill("1" * 22)
    says(configure, "Stop at (US$)", "Ensure that there are no more than 20 digits in total.")
    budget.fill("0.1")
    says(configure, "Stop at (US$)", STOP_AT)
    budget.fill("12")
    says_nothing(configure, "Stop at (US$)")


def test_the_card_leads_to_a_field_that_is_folded_away(configure):
    fold = configure.locator("#memory-options")
    fold.locator("summary").click()
    configure.get_by_label("Micro-batch size").fill("0")
    says(configure, "Micro-batch size", "Must be between 1 and 64.")
    fold.locator("summary").click()
    expect(configure.get_by_label("Micro-batch size")).to_be_hidden()
    configure.get_by_role("alert").get_by_role("link", name="Micro-batch size").click()
    expect(configure.get_by_label("Micro-batch size")).to_be_focused()
    configure.keyboard.press("2")  # 02
    says_nothing(configure, "Micro-batch size")


def test_an_invalid_field_and_then_an_error_and_then_all_is_well(configure):
    fail_first(configure, ESTIMATE, 500)
    configure.get_by_label("Stop at (US$)").fill("0.2")
    says(configure, "Stop at (US$)", STOP_AT)
    configure.get_by_label("Stop at (US$)").fill("2")
    expect(try_again(configure)).to_be_visible()
    expect(configure.get_by_role("alert")).to_have_count(0)
    expect(start(configure)).to_be_enabled(timeout=10_000)


def query(page):
    return {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}


def test_settings_are_in_the_address_and_outlast_a_reload(configure, dataset):
    expect(start(configure)).to_be_enabled()
    assert query(configure) == {"datasetId": str(dataset.pk), "use_list": "on"}
    configure.get_by_text("NVIDIA H100").click()
    move(configure)
    configure.get_by_label("Stop at (US$)").fill("20")
    expect(start(configure)).to_be_enabled()
    total = configure.locator("[data-total]").text_content()
    assert query(configure) == {
        "datasetId": str(dataset.pk), "use_list": "on", "gpu_type": "H100", "epochs": "4", "max_cost": "20",
    }  # fmt: skip
    configure.reload()
    expect(configure.locator("[data-total]")).to_have_text(total)
    expect(configure.get_by_label("Stop at (US$)")).to_have_value("20")
    move(configure, key="ArrowLeft")
    configure.get_by_text("NVIDIA A100 80GB").click()
    configure.get_by_label("Stop at (US$)").fill("")
    configure.get_by_label("Use list figures").uncheck()
    expect(start(configure)).to_be_enabled()
    assert query(configure) == {"datasetId": str(dataset.pk)}


def test_what_is_invalid_does_not_enter_the_address(configure):
    configure.get_by_label("Stop at (US$)").fill("0.2")
    says(configure, "Stop at (US$)", STOP_AT)
    assert "max_cost" not in query(configure)


def test_a_note_on_the_address_goes_with_a_change_of_its_field(page, dataset):
    page.goto(f"/training/configure?datasetId={dataset.pk}&max_cost=0.2&epochs=4")
    expect(page.get_by_text("The address has “0.2” here, which was left out.")).to_be_visible()
    expect(start(page)).to_be_enabled()
    assert query(page) == {"datasetId": str(dataset.pk), "epochs": "4"}
    page.get_by_label("Stop at (US$)").fill("2")
    expect(page.get_by_text("The address has")).to_have_count(0)


def test_back_from_the_job_shows_the_same_settings_priced(configure):
    move(configure)
    expect(start(configure)).to_be_enabled()
    total = configure.locator("[data-total]").text_content()
    start(configure).click()
    configure.wait_for_url("**/training/jobs/*")
    configure.go_back()
    expect(configure.get_by_role("slider", name="Training Epochs")).to_have_value("4")
    expect(configure.locator("[data-total]")).to_have_text(total)
    expect(start(configure)).to_be_enabled()
    expect(start(configure)).to_have_text("Start Training")


def test_a_refused_start_is_no_page_that_a_reload_sends_again(configure, dataset):
    move(configure)
    expect(start(configure)).to_be_enabled()
    fit = DataFit.objects.get(version=dataset.version, source=BaseModel.objects.get(is_default=True).source)
    type(fit).objects.filter(pk=fit.pk).update(status="checking", heartbeat_at=timezone.now())
    start(configure).click()
    expect(configure.locator("#refusal")).to_contain_text("being checked for this base model")
    expect(configure).to_have_url(re.compile(r"\bepochs=4\b"))
    type(fit).objects.filter(pk=fit.pk).update(status="unavailable")
    sent = []
    configure.on("request", lambda one: sent.append(one.method) if one.is_navigation_request() else None)
    configure.reload()
    expect(configure.get_by_role("slider", name="Training Epochs")).to_have_value("4")
    expect(start(configure)).to_be_enabled()
    assert sent == ["GET"]


def test_a_start_that_was_broken_off_can_be_pressed_again(configure):
    configure.route("**/training/configure", lambda route: route.fulfill(status=204))  # the browser stays
    start(configure).click()
    expect(start(configure)).to_have_text("Creating Job...")
    move(configure)
    expect(start(configure)).to_be_enabled()
    expect(start(configure)).to_have_text("Start Training")


def test_the_server_says_which_preset_a_slider_makes(configure):
    move(configure)
    expect(configure.locator("input[value=custom]")).to_be_checked()
    move(configure, key="ArrowLeft")
    expect(configure.locator("input[value=balanced]")).to_be_checked()

    def answer(route):
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace('data-preset="custom"', 'data-preset="quality"'))

    configure.route(ESTIMATE, answer)
    move(configure)
    expect(configure.locator("input[value=quality]")).to_be_checked()
    expect(configure.get_by_text("based on Quality preset")).to_be_visible()


def test_a_slider_reads_in_the_browser_as_on_the_server(configure):
    configure.locator("#more-hyperparameters summary").click()
    for limit in LIMITS.values():
        slider = configure.locator(f"input[name={limit.name}]")
        steps = round((limit.slider_maximum - limit.slider_minimum) / limit.step)
        for step in {0, 1, 3, steps // 2, steps}:
            value = limit.slider_minimum + step * limit.step
            slider.fill(f"{value:.6f}")
            expect(configure.locator(f"output[for=id_{limit.name}]")).to_have_text(limit.text(value))


def test_what_the_browser_puts_back_is_priced_anew(configure, asked):
    move(configure)
    expect(start(configure)).to_be_enabled()
    configure.goto("/datasets")
    configure.go_back()
    expect(configure.get_by_role("slider", name="Training Epochs")).to_have_value("4")
    expect(configure.locator("[data-total]")).not_to_have_text("$4.32")
    expect(start(configure)).to_be_enabled()
    assert len(asked) == 2


def test_a_slider_that_does_not_reach_its_value_is_priced_where_it_stands(page, dataset):
    def answer(route):
        response = route.fetch()
        body = response.text().replace('name="rank" value="16"', 'name="rank" value="10"')
        route.fulfill(response=response, body=body)

    page.route("**/training/configure?*", answer)
    held = hold(page, ESTIMATE)
    page.goto(f"/training/configure?datasetId={dataset.pk}")
    expect(start(page)).to_be_disabled()
    asked = last_of(held, 1, page)
    assert "rank=12" in asked.request.post_data
    asked.continue_()
    expect(start(page)).to_be_enabled()


@pytest.fixture
def job(put_job):
    """A running job without a metric yet."""
    return put_job("running", total_steps=50, current_step=20, attempt=1)


def measure(job, steps, **figures):
    JobMetric.objects.bulk_create(JobMetric(job=job, step=step, epoch=0.0, **figures) for step in steps)


def loss_text(page):
    return page.locator("#loss-text")


def test_a_run_with_evaluations_alone_is_drawn(page, job):
    measure(job, [0, 10], evaluation_loss=2.0)
    page.goto(f"/training/jobs/{job.pk}")
    expect(loss_text(page)).to_have_text("No training loss yet.")
    expect(page.locator("#loss-chart canvas")).to_be_visible()


def test_curves_grow_by_what_is_new(page, job):
    fail_first(page, METRICS)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/metrics?" in request.url else None)
    measure(job, range(1, 21), loss=1.0, tokens_per_second=9.0, learning_rate=1e-4)
    page.goto(f"/training/jobs/{job.pk}")
    expect(loss_text(page)).to_contain_text("of 20 recorded steps")
    page.unroute(METRICS)
    fail_first(page, METRICS, 500, 0)
    measure(job, range(21, 31), loss=1.0, tokens_per_second=9.0, learning_rate=1e-4)
    type(job).objects.update(current_step=30)
    expect(loss_text(page)).to_contain_text("of 30 recorded steps", timeout=10_000)
    assert asked[0].endswith("?attempt=0&after=0")
    assert {url.partition("?")[2] for url in asked[1:4]} == {"attempt=1&after=20"}

    JobMetric.objects.filter(step__gt=12).delete()
    type(job).objects.update(current_step=12, attempt=2)
    expect(loss_text(page)).to_contain_text("of 12 recorded steps")


def test_curves_are_asked_for_one_answer_at_a_time(page, job):
    held = hold(page, METRICS)
    measure(job, range(1, 21), loss=1.0)
    page.goto(f"/training/jobs/{job.pk}")
    page.wait_for_timeout(4500)  # the status was updated twice
    assert len(held) == 1
    held[0].continue_()
    assert last_of(held, 2, page).request.url.endswith("?attempt=1&after=20")


def test_the_monitor_says_only_once_that_the_server_does_not_answer(page, job):
    page.goto(f"/training/jobs/{job.pk}")
    fail_first(page, "**/status", 502, 502, 0)
    page.wait_for_timeout(7000)
    expect(page.locator(".toast")).to_have_count(2)


@pytest.fixture
def upload(page, tmp_path):
    """Upload a file of this name, as far as the page gets."""

    def press(name, content=b'{"text": "Hello"}\n'):
        file = tmp_path / name
        file.write_bytes(content)
        page.goto("/datasets/upload")
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Upload").click()

    return press


def test_a_refused_upload_says_why(page, upload):
    upload("chats.docx")
    expect(page.locator("#upload-problem")).to_contain_text(".docx")
    expect(page.get_by_role("button", name="Upload")).to_be_enabled()


def test_an_upload_whose_session_has_ended_leads_to_the_sign_in(page, upload):
    page.goto("/datasets/upload")
    page.route("**/datasets/upload", lambda route: route.continue_() if route.request.method == "GET" else ended(route))

    def ended(route):
        page.context.clear_cookies()
        route.continue_(headers={**route.request.headers, "cookie": ""})

    upload("chats.jsonl")
    page.wait_for_url("**/login?next=/datasets/upload")
