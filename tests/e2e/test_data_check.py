"""The check of a data set for its base model, as the configure page follows it in a real Chromium."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_browser import (
    pytestmark,  # noqa: F401 - marks, used by pytest
    unfold,
)
from tests.training.web import fits
from training.models import TrainingJob


@pytest.fixture
def configure(page, dataset):
    fits.put(dataset, status="checking", progress=20)
    page.goto(f"/training/configure?datasetId={dataset.pk}&use_list=on")
    return page


def start(page):
    return page.locator("#start")


def test_the_card_follows_the_check_and_is_priced_anew_once_it_is_done(configure, dataset):
    expect(configure.locator("#data-fit")).to_contain_text("20 %")
    expect(start(configure)).to_be_disabled()
    fits.put(dataset, progress=70)
    expect(configure.locator("#data-fit")).to_contain_text("70 %")
    expect(configure.locator("[data-total]")).to_have_text("$4.32")
    fits.ready(dataset, pairs=500, tokens=100_000)
    expect(configure.locator("#data-fit")).to_contain_text("500 pairs")
    expect(configure.locator("[data-total]")).not_to_have_text("$4.32")
    expect(start(configure)).to_be_enabled()


def test_following_it_disturbs_nobody_who_is_changing_something(configure, dataset):
    configure.locator("#estimate-details summary").click()
    budget = configure.get_by_label("Stop at (US$)")
    budget.fill("7.5")
    fits.put(dataset, progress=70)
    expect(configure.locator("#data-fit")).to_contain_text("70 %")
    expect(budget).to_be_focused()
    expect(budget).to_have_value("7.5")
    fits.put(dataset, progress=90)
    expect(configure.locator("#data-fit")).to_contain_text("90 %")
    expect(configure.locator("#estimate-details")).to_have_attribute("open", "")


def test_lost_rows_are_confirmed_by_keyboard_and_a_change_takes_that_back(configure, dataset):
    fits.ready(dataset, conversations=893, lost_count=7, lost=fits.lost(*range(1, 8)))
    confirmation = configure.get_by_label("Train without them")
    expect(confirmation).to_be_visible()
    expect(start(configure)).to_be_disabled()
    confirmation.press("Space")
    expect(start(configure)).to_be_enabled()
    unfold(configure)
    configure.get_by_role("slider", name="LoRA Rank").press("ArrowRight")
    expect(start(configure)).to_be_disabled()
    configure.wait_for_timeout(900)
    expect(confirmation).not_to_be_checked()
    confirmation.press("Space")
    start(configure).click()
    configure.wait_for_url("**/training/jobs/*")
    assert TrainingJob.objects.get().plan.allow_dropped_rows
