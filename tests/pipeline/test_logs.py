"""The log: what a line holds, in both formats, and what a request leaves in it."""

import json
import logging
import logging.config
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from structlog.contextvars import bound_contextvars

from pipeline import logs
from tests.pipeline.test_embedded import ROOT
from training.models import TrainingJob
from training.workers.logs import job_logging


def log(log_format, write, name="training.example"):
    """What a logger set up like the product's prints."""
    formatter = logs.configuration(log_format=log_format, level="INFO", requests=True)["formatters"]["structured"]
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    logger = logging.Logger(name)
    logger.addHandler(handler)
    write(logger)
    return stream.getvalue()


def test_json_lines_hold_message_level_logger_time_and_context():
    def write(logger):
        with job_logging(TrainingJob(attempt=2)):
            logger.warning("lost %d steps", 3, extra={"device": "cpu"})

    line = json.loads(log("json", write))
    assert line["message"] == "lost 3 steps"
    assert (line["level"], line["logger"], line["device"]) == ("warning", "training.example", "cpu")
    assert line["attempt"] == 2
    assert len(line["job"]) == 36
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.parametrize("name", ["django.request", "django.security.DisallowedHost", "celery.app.trace", "trainingly"])
def test_what_a_library_attaches_to_a_line_is_not_in_it(log_format, name):
    extra = {"request": "<WSGIRequest: GET '/?token=private'>", "data": {"args": "private"}}
    printed = log(log_format, lambda logger: logger.error("Failed: %s", "/jobs", extra=extra), name)
    assert "Failed: /jobs" in printed
    assert "private" not in printed


def test_an_exception_stays_on_its_json_line():
    def write(logger):
        try:
            raise ValueError("no such thing")
        except ValueError:
            logger.exception("it failed")

    line = json.loads(log("json", write))
    assert line["exception"][0]["exc_type"] == "ValueError"
    assert "locals" not in json.dumps(line["exception"])


def test_a_console_line_is_for_people_and_ends_with_the_context():
    def write(logger):
        with bound_contextvars(job="abc"):
            logger.info("claimed")
        logger.info("idle")

    claimed, idle = log("console", write).splitlines()
    assert "[info] claimed" in claimed
    assert claimed.endswith("job=abc")
    assert "job=" not in idle


@pytest.mark.parametrize(("changes", "said"), [({"log_format": "xml"}, "console or json"), ({"level": "LOUD"}, "INFO")])
def test_what_the_log_cannot_be_is_refused_with_what_it_can_be(changes, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        logs.configuration(**{"log_format": "json", "level": "INFO", "requests": False} | changes)


@pytest.fixture
def requests_logged(caplog):
    """Asks for the lines so far."""
    caplog.set_level(logging.INFO, "pipeline.requests")
    return lambda: [record for record in caplog.records if record.name == "pipeline.requests"]


def test_a_request_is_one_line_with_who_what_and_how_long(signed_in, requests_logged):
    answer = signed_in.get("/datasets?secret=1")
    (line,) = requests_logged()
    assert (line.method, line.path, line.status, line.user) == ("GET", "/datasets", 200, "ada")
    assert line.duration_ms > 0
    assert len(answer["X-Request-ID"]) == 32


def test_a_scripts_request_names_its_user_too(api, requests_logged):
    api.get("/api/jobs")
    assert requests_logged()[0].user == "ada"


@pytest.mark.parametrize(("given", "kept"), [("abc-123", True), ("bad id\x7f", False), ("x" * 65, False)])
def test_a_proxys_request_number_is_kept_if_it_is_one(client, db, given, kept):
    assert (client.get("/login", headers={"X-Request-ID": given})["X-Request-ID"] == given) is kept


def test_probes_leave_no_line(client, db, requests_logged):
    client.get("/healthz")
    client.get("/readyz")
    assert requests_logged() == []


def test_the_settings_choose_format_and_requests():
    script = (
        "import django, logging; django.setup(); logging.getLogger('pipeline.requests').info('request');"
        "logging.getLogger('x').warning('careful')"
    )

    def run(**extra):
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "pipeline.settings"} | extra
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        return done.stderr.splitlines()

    assert len(run()) == 1
    assert [json.loads(line)["message"] for line in run(PIPELINE_LOG_FORMAT="json")] == ["request", "careful"]
    assert len(run(PIPELINE_LOG_FORMAT="json", PIPELINE_LOG_REQUESTS="false")) == 1
