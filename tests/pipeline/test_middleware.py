"""Answers are compressed where that helps; a session that ended shows the whole page to sign in."""

import gzip
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/training/jobs?status=running"}
POLLED = [
    "/training/jobs?status=running",
    "/training/jobs/{job}/status",
    "/datasets/{dataset}/status",
    "/datasets/{dataset}/preview",
]


@pytest.mark.parametrize("path", POLLED)
def test_a_fragment_that_is_polled_after_the_session_ended_sends_to_sign_in(client, put_job, dataset, path):
    answer = client.get(path.format(job=put_job().pk, dataset=dataset.pk), headers=HTMX)
    to = urlsplit(answer["HX-Redirect"])
    assert (answer.status_code, to.path) == (200, "/login")
    assert parse_qs(to.query)["next"] == ["/training/jobs?status=running"]
    assert "Location" not in answer
    assert b"<form" not in answer.content


def test_a_post_of_a_fragment_does_so_too_and_starts_nothing(client, dataset):
    answer = client.post("/training/configure/estimate", {"dataset_id": str(dataset.pk)}, headers=HTMX)
    assert urlsplit(answer["HX-Redirect"]).path == "/login"


@pytest.mark.parametrize("current", ["https://evil.example/x", "", "javascript:alert(1)"])
def test_the_way_back_never_leads_elsewhere(client, current):
    answer = client.get("/training/jobs", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert parse_qs(urlsplit(answer["HX-Redirect"]).query)["next"] == ["/"]


def test_a_page_is_redirected_as_ever(client):
    answer = client.get("/training/jobs")
    assert (answer.status_code, urlsplit(answer["Location"]).path) == (302, "/login")


@pytest.mark.parametrize("path", ["/training/configure?datasetId={dataset}", "/datasets/{dataset}", "/api/jobs/{job}"])
def test_pages_and_json_are_compressed(signed_in, put_job, dataset, path):
    path = path.format(dataset=dataset.pk, job=put_job().pk)
    plain = signed_in.get(path)
    packed = signed_in.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content)
    assert gzip.decompress(packed.content)[:15] == plain.content[:15]


def test_files_go_out_as_they_are(signed_in, dataset):
    answer = signed_in.get(f"/datasets/{dataset.pk}/download", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer
    assert answer["Content-Length"] == "9"
