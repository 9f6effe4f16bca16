"""Where the embedded servers keep what they keep, and whose it is."""

import hashlib
import os
import pwd
import tempfile
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
DATABASE = USER = "pipeline"
UNPRIVILEGED = "nobody"
LONGEST_SOCKET_PATH = 107


class EmbeddedError(Exception):
    """A server could not be started; the message says why and what to do."""


def var_dir() -> Path:
    """Where everything that is kept lives: PIPELINE_VAR, or ``var/`` beside the code; of a wheel, in this folder."""
    beside = ROOT if (ROOT / "manage.py").exists() else Path.cwd()
    return Path(os.environ.get("PIPELINE_VAR") or beside / "var").absolute()


def socket_dir(var: Path) -> Path:
    """The private folder of the sockets: in ``var``, or, where its path is too long for a socket, a short one."""
    inside = var / "run"
    if len(str(inside / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(str(var).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pipeline-{os.getuid()}-{digest}"


def database_url(var: Path) -> str:
    return f"postgresql:///{DATABASE}?host={quote(str(socket_dir(var)), safe='')}&user={USER}"


def redis_url(var: Path) -> str:
    return f"redis+socket://{socket_dir(var) / 'valkey.sock'}"


def own_folder(path: Path) -> None:
    """A folder that others cannot enter, where it is its user's own; another's stays as its owner has it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid in (os.getuid(), server_uid()):
        give(path)
        path.chmod(0o700)


def private_folder(path: Path) -> None:
    """A folder that only the servers' user (and root) can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    give(path)
    if path.stat().st_uid != server_uid():
        raise EmbeddedError(f"{path} belongs to another user. Remove it, or set PIPELINE_VAR to another folder.")
    path.chmod(0o700)


def server_uid() -> int:
    """PostgreSQL refuses to run as root; root's servers run as nobody."""
    return os.getuid() or pwd.getpwnam(UNPRIVILEGED).pw_uid


def give(path: Path) -> None:
    if os.getuid() == 0:
        os.chown(path, server_uid(), -1)


def is_reachable(path: Path) -> bool:
    """Whether the servers' user may pass through every folder above ``path``."""
    return first_closed(path) is None


def first_closed(path: Path) -> Path | None:
    """The highest folder above ``path`` that the servers' user may not pass through."""
    return next((folder for folder in reversed(path.parents) if not _may_pass(folder.stat())), None)


def _may_pass(folder: os.stat_result) -> bool:
    return bool(folder.st_mode & (0o100 if folder.st_uid == server_uid() else 0o001))
