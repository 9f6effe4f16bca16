"""A pytest plugin: the embedded servers for one test run, in a folder of their own, before settings are read."""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from pipeline import embedded

ROOT = Path(__file__).resolve().parent.parent
STARTED = "PIPELINE_TEST_SERVERS"
"""Environment variable: the names of those that hold the address of a server that the tests started."""
_open = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    # Not in TMPDIR's depths: a socket's path is short.
    var = Path(_open.enter_context(tempfile.TemporaryDirectory(prefix="pipeline-test-", dir="/tmp")))
    for name in os.environ.pop(STARTED, "").split():  # one of several test processes: those are the first one's
        del os.environ[name]
    given = set(os.environ)
    os.environ.setdefault("PIPELINE_MODELS_DIR", str(ROOT / "var" / "models"))
    os.environ["PIPELINE_VAR"] = str(var)
    try:
        urls = _open.enter_context(embedded.servers(var))
    except embedded.EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ |= urls | {STARTED: " ".join(urls.keys() - given)}


def pytest_unconfigure() -> None:
    _open.close()
