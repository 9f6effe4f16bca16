"""Started by root: go on as an ordinary user, who owns what is kept and has no other rights.

That user is nobody, as for a server that root starts. Where Python or the code lies in a folder that is closed to
others (root's home), what is needed of it is shown (``own_view``), rather than that the folder is opened, or that the
user may overrule permissions. Own code: setpriv(1) changes the user, and cannot tell whether that user could go on.
"""

import grp
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline import own_view, private
from pipeline.addresses import LaunchError
from pipeline.embedded.places import ROOT, UNPRIVILEGED, first_closed

GPU_GROUPS = ("video", "render")
"""Whose GPUs' device files are."""
OF_ROOT = {"HOME", "LOGNAME", "MAIL", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"}
LOWEST_FREE_PORT = 1024
TRY = """
import os, sys
import django
code, runs, *folders = sys.argv[1:]
open(code).close()
for folder in folders:
    if not os.access(folder, os.R_OK | os.X_OK):
        sys.exit(f"{folder} cannot be read")
if os.path.exists(runs) and not os.access(runs, os.W_OK):
    sys.exit(f"{runs} cannot be written to")
"""
ADVICE = (
    "Started by root, Pipeline runs as {user}, who cannot use this installation: {problem}. Start it as the ordinary "
    "user who owns it, or have it where everybody may read, with a Python from there: clone it into /opt, and "
    "make PYTHON=/usr/bin/python3 run."
)


def go_on(module: str, *, var: Path, port: int) -> None:
    """Become that user, running the module anew; does nothing where this process is not root's.

    Args:
        module: what ``python -m`` runs.
        var: the folder of what is kept, which becomes that user's.
        port: to listen on; a low one is the one right that is kept.

    Raises LaunchError.
    """
    if os.getuid() != 0:
        return
    os.umask(0o022)  # what is made on the way is to be passed through
    try:
        environment = _environment(var)
    except OSError as error:
        raise LaunchError(f"Cannot write to {var} ({error.strerror}). Set PIPELINE_VAR to another folder.") from error
    python = [*_become(port), "--", sys.executable]
    try:
        own_view.open_up(_closed(_needed(var)))
        problem = _problem(python, environment)
    except OSError as error:
        problem = str(error)
    if problem:
        raise LaunchError(ADVICE.format(user=UNPRIVILEGED, problem=problem))
    if program := shutil.which("nvidia-modprobe"):  # makes the device files of CUDA, which takes root
        subprocess.run([program, "-c", "0", "-u"], check=False)
    os.chdir(ROOT)
    os.execve(python[0], [*python, "-m", module], environment)


def _become(port: int) -> list[str]:
    """The command line that gives up all rights."""
    if (setpriv := shutil.which("setpriv")) is None:
        raise LaunchError("setpriv (package util-linux) is missing: install it, or run as an ordinary user.")
    user = pwd.getpwnam(UNPRIVILEGED)
    groups = ",".join(str(group.gr_gid) for group in grp.getgrall() if group.gr_name in GPU_GROUPS)
    kept = ["+net_bind_service"] if port < LOWEST_FREE_PORT else []
    rights = ",".join(["-all", *kept])
    return [
        *(setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"),
        *([f"--groups={groups}"] if groups else ["--clear-groups"]),
        *("--no-new-privs", f"--inh-caps={rights}", f"--ambient-caps={rights}", f"--bounding-set={rights}"),
    ]


def _environment(var: Path) -> dict[str, str]:
    private.own(var)
    home = var / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    private.hand_over(var)
    kept = {name: value for name, value in os.environ.items() if name not in OF_ROOT and not name.startswith("SUDO_")}
    return kept | {"HOME": str(home), "LOGNAME": UNPRIVILEGED, "USER": UNPRIVILEGED, "PIPELINE_VAR": str(var)}


def _needed(var: Path) -> list[Path]:
    """Folders that Pipeline reads: its own, Python's, and those of settings."""
    roots = os.environ.get("PIPELINE_MODEL_ROOTS", "").split(os.pathsep)
    named = ("PIPELINE_MODELS_DIR", "PIPELINE_RUNS_DIR", "PIPELINE_TOKENIZER", "HF_HOME", "HF_HUB_CACHE")
    wanted = [*roots, *(os.environ.get(name, "") for name in named)]
    own = [ROOT, var, Path(sys.prefix), Path(sys.base_prefix)]
    folders = {path.resolve() for path in (*own, *(Path(path) for path in wanted if os.path.isabs(path)))}
    return sorted(folder for folder in folders if folder.is_dir())


def _closed(needed: list[Path]) -> dict[Path, list[Path]]:
    """Folders that the user cannot pass through, and what is needed of each."""
    closed: dict[Path, list[Path]] = {}
    for folder in needed:
        if (above := first_closed(folder)) is None:
            continue
        parts = closed.setdefault(above, [])
        if not any(folder.is_relative_to(part) for part in parts):
            parts.append(folder)
    return closed


def _problem(python: list[str], environment: dict[str, str]) -> str:
    """What the user cannot do here; nothing: all that it takes."""
    folders = map(str, _needed(Path(environment["PIPELINE_VAR"])))
    runs = environment.get("PIPELINE_RUNS_DIR", "")
    tried = subprocess.run(
        [*python, "-c", TRY, str(ROOT / "pipeline" / "launcher.py"), runs, *folders],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return tried.stderr.strip().rpartition("\n")[2] if tried.returncode else ""
