"""The wheel: built, installed into an empty folder, and run from there."""

import os
import subprocess
import sys
from importlib.metadata import PathDistribution

import pytest

from tests.pipeline.test_embedded import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the wheel's content and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("pipeline-*.whl")
    target = folder / "installed"
    install = [*pip, "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return target


def python(installed, tmp_path, code):
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(installed), "PIPELINE_VAR": "", "DJANGO_SETTINGS_MODULE": "pipeline.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_brings_a_command(installed):
    (distribution,) = installed.glob("pipeline-*.dist-info")
    (command,) = PathDistribution(distribution).entry_points
    assert (command.name, command.value) == ("pipeline", "pipeline.__main__:main")


def test_templates_static_files_and_the_demo_are_in_it(installed, tmp_path):
    code = """
import django; django.setup()
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from datasets.management.commands.load_demo import DATASET
from training.workers.trainer_process import TRAINING_DIR
print(get_template("training/configure.html").origin.name, finders.find("js/configure.js"), DATASET, TRAINING_DIR)
assert DATASET.exists() and (TRAINING_DIR / "trainer" / "__main__.py").exists()
"""
    for path in python(installed, tmp_path, code).split():
        assert path.startswith(str(installed))


def test_what_it_keeps_lies_where_it_was_started(installed, tmp_path):
    code = "from pipeline import embedded; print(embedded.var_dir())"
    assert python(installed, tmp_path, code).strip() == str(tmp_path / "var")


def test_the_command_is_djangos(installed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "help", "--commands"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"migrate", "gpu_worker", "calibration", "load_demo", "bundled_model"} <= set(done.stdout.split())
