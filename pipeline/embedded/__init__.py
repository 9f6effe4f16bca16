"""Real PostgreSQL and Valkey from wheels, so that nothing has to be installed or started by hand.

Both listen only on Unix sockets in a private folder, keep their data under ``var/`` and end with the process that
started them. With DATABASE_URL or REDIS_URL set, the one given is used instead. Own code: the wheels bring programs,
and their starters, where there are any, serve one user's experiments.

``python -m pipeline.embedded -- COMMAND…`` runs a command with both at hand.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.embedded.places import (
    ROOT,
    EmbeddedError,
    database_url,
    own_folder,
    private_folder,
    redis_url,
    socket_dir,
    var_dir,
)
from pipeline.embedded.postgres import postgres
from pipeline.embedded.valkey import valkey

__all__ = ["ROOT", "EmbeddedError", "database_url", "redis_url", "servers", "var_dir"]

FREE_BYTES_NEEDED = 256 * 1024**2


@contextlib.contextmanager
def servers(var: Path) -> Iterator[dict[str, str]]:
    """Start what the environment does not supply; yields DATABASE_URL and REDIS_URL; stops it at the end.

    Raises EmbeddedError.
    """
    urls = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    with contextlib.ExitStack() as stack:
        if len(urls) < 2:
            stack.enter_context(_only_instance(var))
            _check_space(var)
            private_folder(socket_dir(var))
        if "DATABASE_URL" not in urls:
            stack.enter_context(postgres(var))
            urls["DATABASE_URL"] = database_url(var)
        if "REDIS_URL" not in urls:
            stack.enter_context(valkey(var))
            urls["REDIS_URL"] = redis_url(var)
        yield urls


@contextlib.contextmanager
def _only_instance(var: Path) -> Iterator[None]:
    """Hold the lock on ``var``; the kernel frees it however we end."""
    try:
        own_folder(var)
        file = (var / "lock").open("a+")
    except OSError as error:
        raise EmbeddedError(
            f"Cannot write to {var} ({error.strerror}). Set PIPELINE_VAR to a folder you own."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise EmbeddedError(
                f"Pipeline is already running on {var} (process {holder}). Use that one, stop it, "
                "or set PIPELINE_VAR to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _check_space(var: Path) -> None:
    free = shutil.disk_usage(var).free
    if free < FREE_BYTES_NEEDED:
        raise EmbeddedError(
            f"The disk of {var} is full: {free // 1024**2} MB are free, {FREE_BYTES_NEEDED // 1024**2} MB are needed. "
            "Make room, or set PIPELINE_VAR to a folder on another disk."
        )
