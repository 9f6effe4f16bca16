"""What of the configure page is in view, and how far Start is away: for the eye, for the keyboard, on a phone."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import watched
from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest

MOST_STOPS = 25
"""Presses of Tab from the top of the page to Start."""
TALLEST = 3000
"""Pixels of the page at 390 x 844."""


@pytest.fixture
def opened(chromium, web, session, dataset):
    """Open the page in a window of this size."""
    managers = []

    def open_(width, height, address=""):
        manager = watched(chromium, web, width)
        page = manager.__enter__()
        managers.append(manager)
        page.set_viewport_size({"width": width, "height": height})
        page.context.add_cookies([session])
        page.goto(f"/training/configure?datasetId={dataset.pk}{address}")
        expect(page.locator("#start")).to_be_enabled()
        return page

    yield open_
    for manager in managers:
        manager.__exit__(None, None, None)


def is_in_view(page, locator):
    box, window = locator.bounding_box(), page.viewport_size
    return box and box["y"] >= 0 and box["y"] + box["height"] <= window["height"]


def stops_to(page, wanted):
    """Names of what Tab stops at, from the top of the page to the element with that id."""
    stops = []
    name = "e => e && (e.id || e.name || e.getAttribute('aria-label') || e.textContent.trim().slice(0, 30))"
    while len(stops) < 100 and stops[-1:] != [wanted]:
        page.keyboard.press("Tab")
        stops.append(page.evaluate(f"({name})(document.activeElement)"))
    return stops


@pytest.mark.parametrize("scrolled", [0, 700])
def test_what_is_settled_before_start_is_in_view_beside_it(opened, scrolled):
    page = opened(1280, 800)
    page.evaluate(f"scrollTo(0, {scrolled})")
    for what in (
        page.locator("[data-total]"),
        page.locator("#estimate .verdict"),
        page.get_by_label("Stop at (US$)"),
        page.get_by_role("button", name="Measure first"),
        page.get_by_role("button", name="Start Training"),
    ):
        assert is_in_view(page, what), what


def test_the_card_scrolls_to_its_end_inside_the_window(opened):
    page = opened(1280, 800)
    page.get_by_text("Where time and memory go").click()
    end = page.get_by_role("link", name="How good have estimates been?")
    end.scroll_into_view_if_needed()
    assert is_in_view(page, end)
    assert is_in_view(page, page.locator("#start"))
    assert page.evaluate("scrollY") == 0


def test_start_is_few_presses_of_tab_away_and_the_last_of_what_is_settled_before_it(opened):
    page = opened(1280, 800)
    stops = stops_to(page, "start")
    print(f"\n  {len(stops)} stops:", *stops, sep="\n    ")
    assert len(stops) <= MOST_STOPS
    order = [stops.index(stop) for stop in ("preset_id", "gpu_type", "id_epochs", "id_max_cost", "measure", "start")]
    assert order == sorted(order)


@pytest.mark.parametrize("address", ["", "&use_list=on&gpu_count=8"])
def test_on_a_phone_the_verdict_stands_beside_start_and_the_page_is_short(opened, address):
    page = opened(390, 844, address)
    bar = page.locator("#at-a-glance")
    for scrolled in (0, 99_999):
        page.evaluate(f"scrollTo(0, {scrolled})")
        assert is_in_view(page, bar)
        assert is_in_view(page, page.locator("#start"))
    expect(bar).to_contain_text(page.locator("[data-total]").text_content())
    expect(bar).to_contain_text("Fits")
    height = page.evaluate("document.documentElement.scrollHeight")
    print(f"\n  {height} px")
    assert height < TALLEST


def test_on_a_phone_the_verdict_follows_the_form_and_says_where_there_is_none(opened):
    page = opened(390, 844)
    bar = page.locator("#at-a-glance")
    large = page.locator("#id_base_model option", has_text="Qwen2.5-32B").get_attribute("value")
    page.get_by_label("Base model", exact=True).select_option(large)
    expect(bar).to_contain_text("Does not fit")
    page.get_by_label("Stop at (US$)").fill("0.2")
    expect(bar).to_have_text("No estimate for these values")
    assert is_in_view(page, page.get_by_label("Stop at (US$)"))
    page.get_by_label("Stop at (US$)").fill("")
    expect(bar).to_contain_text("Does not fit")


def test_on_a_phone_the_sliders_unfold_by_hand_and_where_one_is_wrong(opened):
    page = opened(390, 844)
    epochs = page.get_by_label("Training Epochs")
    expect(epochs).to_be_hidden()
    page.get_by_role("button", name="Adjust").click()
    expect(epochs).to_be_visible()
    page.get_by_role("button", name="Adjust").click()
    expect(epochs).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
