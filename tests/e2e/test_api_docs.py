"""The page of the API in a browser: the Content Security Policy refuses nothing, and an operation can be tried out."""

from playwright.sync_api import expect

from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest


def test_an_operation_is_tried_out_with_the_readers_session(page, dataset):
    page.goto("/api/docs")
    operation = page.locator("#operations-Data_sets-datasets_validate")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("id").fill(str(dataset.pk))
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    dataset.refresh_from_db()
    assert dataset.status == "uploaded"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_is_dark_when_the_page_is(page):
    page.goto("/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    for _ in range(2):
        page.locator("#theme-toggle").click()
        expect(page.locator("html.dark.dark-mode, html:not(.dark, .dark-mode)")).to_have_count(1)
