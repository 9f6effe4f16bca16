"""An adapter to export, and the exporter as its worker starts it."""

from dataclasses import asdict

import pytest

from tests.training.programs import Started
from tests.training.trainer.conftest import base_spec, whole  # noqa: F401 - fixtures
from training.core.fidelity import MERGED
from training.exporter.protocol import ExportSpec, decode


@pytest.fixture(scope="module")
def make_spec(base_spec, whole, tmp_path_factory):  # noqa: F811
    """An export of the adapter that a whole run left, in a folder of its own."""

    def make(**changes):
        values = {
            "run": asdict(base_spec),
            "adapter_dir": whole.end.adapter_dir,
            "folder": str(tmp_path_factory.mktemp("export")),
            "kind": MERGED,
            "most_new_tokens": 24,
        }
        return ExportSpec(**values | changes)

    return make


def exported(spec):
    """An exporter that has ended."""
    program = Started("exporter", spec, decode)
    program.wait()
    return program
