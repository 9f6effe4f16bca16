"""What stands behind the question mark of an address may be private: the log never has it, whatever becomes of it."""

import pytest

from tests.e2e.web_process import ask, served

MARKER = "kept-to-themselves"
ANSWERS = [
    ("GET", "/login", {}, 200),
    ("GET", "/healthz", {}, 200),
    ("GET", "/datasets", {}, 302),
    ("POST", "/login", {}, 403),
    ("GET", "/nowhere", {}, 404),
    ("GET", "/api/nowhere", {}, 404),
    ("GET", "/static/nothing.css", {}, 404),
    ("GET", "/api/jobs", {}, 401),
    ("GET", "/api/jobs", {"Authorization": "Bearer pl_wrong"}, 401),
    ("GET", "/login", {"Host": "elsewhere.example.com"}, 400),
    ("GET", "/login", {"Host": "not a host"}, 400),
    ("GET", "/suspicious", {}, 400),
    ("GET", "/refused", {}, 403),
    ("GET", "/broken", {}, 500),
    ("GET", "/api/broken", {}, 500),
]


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_log_has_a_query_string(environment, tmp_path, log_format):
    log = tmp_path / "web.log"
    talkative = {"PIPELINE_LOG_FORMAT": log_format, "PIPELINE_LOG_REQUESTS": "true", "PIPELINE_LOG_LEVEL": "DEBUG"}
    with served(environment, log, DJANGO_SETTINGS_MODULE="tests.e2e.broken.settings", **talkative) as port:
        for method, path, headers, status in ANSWERS:
            answer = ask(port, method, f"{path}?token={MARKER}&next=/{MARKER}", headers)
            assert answer.status == status, (method, path, headers)
    said = log.read_text()
    assert said.count("ValueError") >= 2, said
    assert "/broken" in said
    assert MARKER not in said
