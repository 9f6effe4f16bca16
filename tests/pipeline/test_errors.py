"""What people see when something is wrong."""

import pytest
from django.test import Client
from django.urls import path

from pipeline import urls


def broken(request):
    raise RuntimeError("a bug")


urlpatterns = [*urls.urlpatterns, path("broken", broken), path("api/broken", broken)]
handler500 = urls.handler500


@pytest.mark.urls("tests.pipeline.test_errors")
def test_a_bug_is_a_page_with_a_number_to_quote_and_no_query(caplog, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        answer = Client(raise_request_exception=False).get("/broken")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong on our side" in page
    assert answer["X-Request-ID"] in page
    assert "a bug" not in page
    assert "RuntimeError: a bug" in caplog.text


@pytest.mark.urls("tests.pipeline.test_errors")
def test_a_bug_is_json_for_scripts(db):
    answer = Client(raise_request_exception=False).get("/api/broken")
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "details"}


def test_a_form_from_before_signing_in_is_explained(db):
    answer = Client(enforce_csrf_checks=True).post("/login", {"username": "ada", "password": "x"})
    assert answer.status_code == 403
    assert "This page is too old" in answer.content.decode()
