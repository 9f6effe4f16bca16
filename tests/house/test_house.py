"""The house rules hold: sizes, types, docstrings, directions; and the documentation says what the code does."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.docs import BLOCKS, renewed
from tests.house.figures import figures
from tests.house.source import ROOT

WRONG_IMPORTS = {
    "the web imports a worker": ("training/web/views/jobs.py", "from training.workers import attempt"),
    "a job imports the page": ("training/jobs/start.py", "from training.web import choices"),
    "an estimate imports jobs": ("training/estimates/quote.py", "from training.jobs import lifecycle"),
    "the core imports Django": ("training/core/budget.py", "import django.db"),
    "the core imports a model": ("training/core/budget.py", "from training.models import GpuType"),
    "the project imports an app": ("pipeline/metrics.py", "from training.web import metrics as other"),
    "data sets import training": ("datasets/services.py", "from training.models import TrainingJob"),
    "a worker reaches into the trainer": ("training/workers/bill.py", "from training.trainer import learner"),
    "the web imports the server": ("training/web/choices.py", "from training.server import requests"),
    "a worker imports the server": ("training/workers/bill.py", "from training.server import requests"),
    "the server imports the evaluator": ("training/server/text.py", "from training.evaluator import scoring"),
    "a worker reaches into the exporter": ("training/workers/bill.py", "from training.exporter import export"),
    "the trainer imports the evaluator": ("training/trainer/meter.py", "from training.evaluator import totals"),
    "the web imports torch": ("training/web/choices.py", "import torch"),
    "siblings import each other": ("training/jobs/notices.py", "from training.jobs import lifecycle"),
}


@pytest.mark.parametrize("figure", figures(), ids=lambda figure: figure.name)
def test_a_figure_is_within_its_limit(figure):
    assert figure.is_kept, str(figure)


@pytest.mark.parametrize("page", BLOCKS, ids=lambda page: page.name)
def test_what_documentation_says_of_the_code_is_up_to_date(page):
    assert page.read_text() == renewed(page), "run make picture"


def test_every_setting_is_in_the_readmes_table_and_none_beside():
    settings = (ROOT / "pipeline" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings))
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.M))
    assert read <= table
    assert table - read <= {"PIPELINE_BIND", "PIPELINE_VAR", "HF_HUB_OFFLINE", "PYTHON"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The packages alone, to put a wrong import into."""
    folder = tmp_path_factory.mktemp("house")
    for package in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]:
        subprocess.run(["cp", "-r", str(ROOT / package), str(folder / package)], check=True)
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return folder


@pytest.mark.parametrize("wrong", WRONG_IMPORTS.values(), ids=WRONG_IMPORTS.keys())
def test_a_wrong_import_breaks_a_contract(copy, wrong):
    name, line = wrong
    file = copy / name
    text = file.read_text()
    file.write_text(f"{text}\n{line}  # noqa\n")
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False)
    file.write_text(text)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout
