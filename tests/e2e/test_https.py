"""Behind a proxy that ends HTTPS: what came in plainly is sent there; probes are answered whatever way they come."""

import pytest

from tests.e2e.web_process import ask, served

SECURE = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def web(environment, tmp_path):
    with served(environment, tmp_path / "web.log", PIPELINE_HTTPS="true") as port:
        yield port


def test_only_what_came_by_https_is_answered(web):
    for path in ("/login?next=/jobs", "/", "/api/jobs", "/metrics", "/static/nothing.css", "/nowhere"):
        for headers in ({}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Ssl": "on"}):
            answer = ask(web, "GET", path, {"Host": "localhost"} | headers)
            assert (answer.status, answer.headers["Location"]) == (301, f"https://localhost{path}")
    for path in ("/healthz", "/readyz"):
        assert ask(web, "GET", path).status == 200

    answer = ask(web, "GET", "/login", SECURE)
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert all("Secure" in cookie for cookie in answer.headers.get_all("Set-Cookie"))
    assert ask(web, "GET", "/metrics", SECURE).status in (302, 401, 403)
