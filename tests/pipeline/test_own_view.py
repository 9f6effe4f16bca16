"""Of a folder that is closed to others, root shows another user what that one needs, and no more."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.pipeline.test_embedded import ROOT

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can show what is closed")

LOOK = """
import subprocess, sys
from pathlib import Path
from pipeline import own_view
closed = Path(sys.argv[1])
try:
    own_view.open_up({closed: [closed / "needed", closed / "deep" / "down" / "needed"]})
except PermissionError:
    sys.exit(77)
as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--"]
code = "cd $0; ls; cat needed/file deep/down/needed/file; ls deep/down; echo new > needed/open/new; echo new > new"
subprocess.run([*as_nobody, "sh", "-c", code, closed])
"""


@pytest.fixture
def base():
    folder = Path(tempfile.mkdtemp(prefix="pipeline-view-", dir="/tmp"))  # pytest's own folders are closed themselves
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_what_is_needed_is_there_and_the_rest_is_not(base):
    closed = base / "closed"
    for name in ("needed", "deep/down/needed", "secret", "needed/open"):
        (closed / name).mkdir(parents=True)
    for name in ("needed/file", "deep/down/needed/file"):
        (closed / name).write_text(f"{name}\n")
    (closed / "deep" / "down" / "secret").write_text("")
    (closed / "needed" / "open").chmod(0o777)
    closed.chmod(0o700)

    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(closed)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("this system does not let root make a mount namespace")
    assert done.stdout.split() == ["deep", "needed", "needed/file", "deep/down/needed/file", "needed"], done.stderr
    assert (closed / "needed" / "open" / "new").exists()
    assert not (closed / "new").exists()
    assert (closed / "secret").exists()
    assert closed.stat().st_mode & 0o777 == 0o700
