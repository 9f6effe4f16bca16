"""The embedded servers, started for real in folders of their own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from pipeline import embedded
from pipeline.embedded import server

ROOT = Path(__file__).resolve().parents[2]
WRITE = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS seen (at timestamptz DEFAULT now())")
    connection.execute("INSERT INTO seen DEFAULT VALUES")
    print("rows", connection.execute("SELECT count(*) FROM seen").fetchone()[0])
"""


@pytest.fixture
def var():
    folder = Path(tempfile.mkdtemp(prefix="pipeline-emb-", dir="/tmp"))  # short, for a socket's path
    yield folder
    shutil.rmtree(folder)


def environment(var, **extra):
    unset = {"DATABASE_URL", "REDIS_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return kept | {"PIPELINE_VAR": str(var)} | extra


FAIL = """
import contextlib, os, psycopg, redis
statements = [
    ("INSERT INTO seen VALUES (%s)", ["kept-to-themselves"]),
    ("INSERT INTO seen VALUES ('kept-to-themselves')", []),
    ("INSERT INTO named VALUES (%s)", ["kept-to-themselves"]),
    ("INSERT INTO named VALUES ('kept-to-themselves')", []),
    ("INSERT INTO named VALUES ('kept-to-themselves and more')", []),
    ("SELECT 'kept-to-themselves'::uuid", []),
    ("SELECT 'kept-to-themselves' FROM nowhere", []),
    ("DO $$ BEGIN RAISE WARNING 'kept-to-themselves'; RAISE 'kept-to-themselves'; END $$", []),
]
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("CREATE TABLE seen (at int)")
    connection.execute("CREATE TABLE named (name varchar(20) PRIMARY KEY)")
    connection.execute("INSERT INTO named VALUES ('kept-to-themselves')")
    for statement, values in statements:
        with contextlib.suppress(psycopg.Error):
            connection.execute(statement, values)
            raise SystemExit(f"this did not fail: {statement}")
with redis.Redis.from_url(os.environ["REDIS_URL"].replace("redis+socket", "unix")) as broker:
    for command in (["SET", "kept-to-themselves"], ["EVAL", "error('kept-to-themselves')", 0], ["kept-to-themselves"]):
        with contextlib.suppress(redis.RedisError):
            broker.execute_command(*command)
            raise SystemExit(f"this did not fail: {command}")
"""


def embed(var, *command, **options):
    return subprocess.run(
        [sys.executable, "-m", "pipeline.embedded", "--", *command],
        cwd=ROOT,
        env=environment(var, **options.pop("extra", {})),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def processes_of(var):
    listing = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if str(var) in line and "pipeline.embedded" not in line]


def test_data_outlives_a_stop_and_nothing_keeps_running(var):
    assert embed(var, sys.executable, "-c", WRITE).stdout == "rows 1\n"
    assert processes_of(var) == []
    assert embed(var, sys.executable, "-c", WRITE).stdout == "rows 2\n"


def test_what_failed_statements_held_is_not_in_the_logs(var):
    done = embed(var, sys.executable, "-c", FAIL)
    assert done.returncode == 0, done.stdout + done.stderr
    logs = {path.name: path.read_text() for path in (var / "log").iterdir()}
    assert "ready to accept connections" in logs["postgres.log"]
    assert "kept-to-themselves" not in "".join(logs.values())


def test_the_commands_exit_code_is_passed_on(var):
    assert embed(var, "sh", "-c", "exit 7").returncode == 7


def test_both_listen_only_on_private_sockets(var):
    done = embed(var, "sh", "-c", 'stat -c %a "$PIPELINE_VAR/run"; echo "$DATABASE_URL"; echo "$REDIS_URL"')
    mode, database, broker = done.stdout.split()
    assert mode == "700"
    assert var.stat().st_mode & 0o777 == 0o700
    assert database == embedded.database_url(var)
    assert broker == embedded.redis_url(var)
    assert "localhost" not in database + broker


def start_and_wait(var):
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.embedded", "--", "sleep", "60"],
        cwd=ROOT,
        env=environment(var),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(embedded.database_url(var)).close()
            return process
        time.sleep(0.1)
    raise AssertionError("the servers did not start")


def test_a_second_instance_is_refused_by_the_first_ones_process_number(var):
    first = start_and_wait(var)
    second = embed(var, "true")
    assert second.returncode == 1
    assert f"already running on {var} (process {first.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    os.killpg(first.pid, signal.SIGTERM)
    first.wait(20)


def test_after_a_kill_the_servers_end_and_the_next_start_recovers(var):
    first = start_and_wait(var)
    first.kill()
    first.wait()
    deadline = time.monotonic() + 15
    while processes_of(var) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [line for line in processes_of(var) if "sleep" not in line] == []
    (var / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{var}\n")  # a pid that is someone else's now
    assert embed(var, sys.executable, "-c", WRITE).stdout == "rows 1\n"


def test_sigterm_stops_the_servers(var):
    process = start_and_wait(var)
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)
    assert processes_of(var) == []


def test_a_cluster_of_another_major_version_is_refused(var):
    embed(var, "true")
    (var / "postgres" / "PG_VERSION").write_text("12\n")
    done = embed(var, "true")
    assert done.returncode == 1
    assert "made by PostgreSQL 12" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_said_before_anything_is_written(var, monkeypatch):
    monkeypatch.setattr(embedded, "FREE_BYTES_NEEDED", 2**60)
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(embedded.EmbeddedError, match="is full"), embedded.servers(var):
        pass
    assert not (var / "postgres").exists()


def test_a_program_that_cannot_run_shows_the_loaders_words(var, tmp_path):
    program = tmp_path / "postgres"
    program.write_text("#!/bin/sh\necho 'error while loading shared libraries: libxyz.so.1' >&2\nexit 127\n")
    program.chmod(0o755)
    with pytest.raises(embedded.EmbeddedError, match=r"libxyz\.so\.1") as refusal:
        server.check_runs([str(program), "--version"], variable="DATABASE_URL")
    assert "set DATABASE_URL" in str(refusal.value)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    done = embed(file / "var", "true")
    assert done.returncode == 1
    assert "Set PIPELINE_VAR" in done.stderr


def test_a_long_path_gets_a_short_socket():
    long = Path("/tmp") / ("x" * 120)
    assert len(str(embedded.socket_dir(long))) < 90
    assert embedded.socket_dir(long) == embedded.socket_dir(long)
    assert embedded.socket_dir(long) != embedded.socket_dir(long / "y")


def test_given_servers_are_used_instead(var):
    given = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere"}
    done = embed(var, "sh", "-c", 'echo "$DATABASE_URL $REDIS_URL"', extra=given)
    assert done.stdout == "postgresql://elsewhere/db redis://elsewhere\n"
    assert list(var.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root's PostgreSQL runs as another user")
def test_root_can_keep_everything_in_a_folder_closed_to_others(var):
    closed = var / "closed"
    closed.mkdir(mode=0o700)
    done = embed(closed / "var", sys.executable, "-c", WRITE)
    assert done.stdout == "rows 1\n", done.stderr
    assert closed.stat().st_mode & 0o777 == 0o700
