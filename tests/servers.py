"""A pytest plugin: the embedded servers for one test run, in a folder of their own, before settings are read."""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from pipeline import embedded

ROOT = Path(__file__).resolve().parent.parent
_open = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    # Not in TMPDIR's depths: a socket's path is short. Readable by all, for PostgreSQL started by root.
    var = Path(_open.enter_context(tempfile.TemporaryDirectory(prefix="pipeline-test-", dir="/tmp")))
    var.chmod(0o755)
    os.environ.setdefault("PIPELINE_MODELS_DIR", str(ROOT / "var" / "models"))
    os.environ["PIPELINE_VAR"] = str(var)
    try:
        os.environ.update(_open.enter_context(embedded.servers(var)))
    except embedded.EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_unconfigure() -> None:
    _open.close()
