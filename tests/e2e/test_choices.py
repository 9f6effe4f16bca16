"""All choices of hardware in a real Chromium: few Tab stops, arrow keys, and a fold that stays as it was left."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_browser import (
    pytestmark,  # noqa: F401 - marks, used by pytest
    settled,
)
from training.models import GpuType

WIDE = pytest.mark.parametrize("width", [1280], indirect=True, ids=["wide"])
"""For the picture, which small screens have no room for."""
FOCUSED = "document.activeElement.value ?? document.activeElement.dataset.change"


@pytest.fixture
def configure(page, dataset):
    page.goto(f"/training/configure?datasetId={dataset.pk}")
    return page


def unfold(page):
    page.get_by_text("All 32 choices").click()
    expect(table(page)).to_be_visible()


def table(page):
    return page.get_by_role("grid")


def cell(page, gpu, count):
    return table(page).locator(f"button[value='gpu_type={gpu}&gpu_count={count}']")


def focused(page):
    return page.evaluate(FOCUSED)


def is_open(page):
    return page.locator("#all-choices").evaluate("fold => fold.open")


def test_the_recommended_choice_is_taken_by_a_click(configure):
    button = configure.locator("#take-recommended")
    name = button.text_content().removeprefix("Choose ")
    button.click()
    settled(configure)
    expect(configure.locator(".recommended")).to_contain_text("You have chosen it")
    expect(configure.locator(".recommended strong")).to_have_text(name)
    assert f"{configure.locator('output[for=id_gpu_count]').text_content()} × " in name


def test_what_stands_out_is_taken_by_a_click_and_then_marked_everywhere(configure):
    mark = configure.get_by_role("button", name="Fastest")
    wanted = mark.get_attribute("value")
    mark.click()
    settled(configure)
    expect(mark).to_have_attribute("aria-current", "true")
    expect(configure.locator(".choices-table [aria-current]")).to_have_attribute("value", wanted)
    expect(configure.locator(".choices-table [aria-current]")).to_contain_text(
        configure.locator("[data-total]").inner_text()
    )


def test_the_table_is_one_tab_stop_with_arrow_keys_inside(configure):
    unfold(configure)
    configure.locator("#all-choices summary").focus()
    configure.keyboard.press("Tab")
    expect(cell(configure, "A100-80GB", 2)).to_be_focused()
    for key, gpu, count in (
        ("ArrowRight", "A100-40GB", 2), ("ArrowDown", "A100-40GB", 3), ("End", "V100-32GB", 3),
        ("ArrowRight", "V100-32GB", 3), ("Control+Home", "A100-80GB", 1), ("ArrowUp", "A100-80GB", 1),
        ("Control+End", "V100-32GB", 8), ("ArrowLeft", "H100", 8), ("Home", "A100-80GB", 8),
    ):  # fmt: skip
        configure.keyboard.press(key)
        expect(cell(configure, gpu, count)).to_be_focused()
    configure.keyboard.press("Tab")
    assert "gpu_type" not in (focused(configure) or "")
    configure.keyboard.press("Shift+Tab")
    expect(cell(configure, "A100-80GB", 8)).to_be_focused()
    expect(table(configure).locator("button[tabindex='0']")).to_have_count(1)


def test_a_choice_that_is_taken_with_the_keyboard_keeps_the_focus_and_the_fold(configure):
    unfold(configure)
    cell(configure, "H100", 4).focus()
    configure.keyboard.press("Enter")
    settled(configure)
    expect(cell(configure, "H100", 4)).to_have_attribute("aria-current", "true")
    expect(cell(configure, "H100", 4)).to_be_focused()
    expect(configure.locator("input[value=H100]")).to_be_checked()
    configure.keyboard.press("ArrowUp")
    expect(cell(configure, "H100", 3)).to_be_focused()


def test_the_fold_stays_as_it_was_left_over_new_prices(configure):
    assert not is_open(configure)
    for opened in (True, False):
        configure.locator("#all-choices summary").click()
        configure.get_by_label("Number of GPUs").press("ArrowRight")
        settled(configure)
        assert is_open(configure) is opened


@WIDE
def test_the_picture_is_one_tab_stop_and_its_points_are_taken_with_the_keyboard(configure):
    points = configure.locator(".picture [role=button]")
    points.first.focus()
    configure.keyboard.press("End")
    slowest = focused(configure)
    expect(points.last).to_be_focused()
    expect(configure.locator(".picture [tabindex='0']")).to_have_count(1)
    configure.keyboard.press("Enter")
    settled(configure)
    gpu, count = re.fullmatch(r"gpu_type=(.+)&gpu_count=(\d)", slowest).groups()
    expect(configure.locator(f"input[value={gpu}]")).to_be_checked()
    expect(configure.locator("output[for=id_gpu_count]")).to_have_text(count)
    assert focused(configure) == slowest


@WIDE
def test_a_click_on_a_point_takes_it(configure):
    point = configure.locator(".picture circle:not(.chosen)").first
    wanted = point.get_attribute("data-change")
    point.click()
    settled(configure)
    expect(configure.locator(".picture .chosen")).to_have_attribute("data-change", wanted)


def test_all_gpu_types_scroll_in_their_own_table_and_stay_where_they_were(page, dataset, width):
    GpuType.objects.update(is_active=True)
    page.goto(f"/training/configure?datasetId={dataset.pk}")
    page.locator("#all-choices summary").click()
    table(page).get_by_role("button").last.focus()
    scrolled = page.locator("#all-choices .scroll").evaluate("region => region.scrollLeft")
    assert scrolled > 100
    page.keyboard.press("Enter")
    settled(page)
    assert page.locator("#all-choices .scroll").evaluate("region => region.scrollLeft") == scrolled
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    head = table(page).get_by_role("rowheader").first.bounding_box()
    assert head["x"] >= 0


def test_without_scripts_every_choice_can_be_reached(chromium, web, session, dataset):
    context = chromium.new_context(base_url=web, java_script_enabled=False)
    context.add_cookies([session])
    page = context.new_page()
    page.goto(f"/training/configure?datasetId={dataset.pk}")
    expect(page.locator("[name=change][tabindex]")).to_have_count(0)
    page.locator("#take-recommended").click()
    expect(page.locator(".recommended")).to_contain_text("You have chosen it")
    context.close()
