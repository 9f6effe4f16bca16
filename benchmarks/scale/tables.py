"""Fill a database with a history of so many jobs: one of each row by the product's own door, then copied by SQL.

``python -m benchmarks.scale.tables JOBS``, with ``DATABASE_URL`` of the database.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 - after django.setup()
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.scale.sizes import Sizes  # noqa: E402
from benchmarks.throughput_scene import make_dataset, measured_run, put_workers  # noqa: E402
from training.models import Artifact, GpuType, IdempotencyKey, JobEvent, JobLog, JobMetric, TrainingJob  # noqa: E402

YEARS = "interval '3 years'"
GPUS = "(ARRAY['H100', 'A100-80GB', 'V100-32GB', 'A100-40GB'])[1 + (i / 7) % 4]"
"""Of the i-th job. The newest wait, the next are being worked on, the others are done: see ``STATUS``."""
STATUS = """CASE WHEN i <= {waiting} THEN 'queued' WHEN i <= {waiting} + {claimed} THEN 'running'
    WHEN {kind} = 0 THEN 'cancelled' WHEN {kind} < 3 THEN 'failed' ELSE 'completed' END"""
DONE = "i > {waiting} + {claimed}"
JOB = "md5('job' || i)::uuid"
CREATED = f"now() - {YEARS} * i / {{jobs}}"
OWNER = "CASE WHEN i % {share} = 0 THEN {ada} ELSE {first} + i % {others} END"
DATASET = "CASE WHEN i % {share} = 0 THEN t.{column} ELSE md5('{kind}' || i % {datasets})::uuid END"


def main(jobs: int) -> None:
    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    sizes = Sizes(jobs)
    job = template()
    with connection.cursor() as cursor:
        names = sizes.names() | {"ada": job.user_id, "job": f"'{job.pk}'"}
        copy_users(cursor, names)
        with bare_tables(cursor):
            copy_datasets(cursor, names)
            copy_jobs(cursor, names)
            copy_what_jobs_leave(cursor, names)
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does before long
    print(f"{jobs:,} jobs in {time.perf_counter() - began:.0f} s", flush=True)


def template() -> TrainingJob:
    """One finished job of Ada's, with one of everything that a job leaves."""
    users = get_user_model().objects
    users.create_superuser("staff")
    put_workers()
    ada = users.create_user("ada")
    job = measured_run(ada, make_dataset(ada), GpuType.objects.get(name="H100"))
    job.dataset.version.caches.create(fingerprint="f" * 64, tokenizer="Benchmark", file="none")
    JobEvent.objects.create(job=job, actor="gpu@host", from_status="running", to_status="completed", seconds_before=9)
    JobMetric.objects.create(job=job, step=1, epoch=0.1, loss=2.0, learning_rate=1e-4, tokens_per_second=1000)
    JobLog.objects.create(job=job, text="Step 1: loss 2.0", lines=1)
    Artifact.objects.create(job=job, file="none", file_name="adapter.zip", size=10**7, sha256="0" * 64)
    IdempotencyKey.objects.create(user=ada, key="key", digest="0" * 64, job=job)
    return job


@contextmanager
def bare_tables(cursor) -> Iterator[None]:
    """Without indexes and foreign keys while rows come, but with the triggers that count."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes LEFT JOIN pg_constraint ON conname = indexname "
        "WHERE schemaname = 'public' AND tablename LIKE 'lora_%' AND conname IS NULL"
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    cursor.execute("SET session_replication_role = replica")
    for trigger, table in (("added", "lora_training_jobs"), ("added", "lora_job_events")):
        cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER lora_tally_{trigger}")
    yield
    cursor.execute("SET session_replication_role = origin")
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _, definition in indexes:
        cursor.execute(definition)


def copy(cursor, table, series, names, *, where="true", like="true", **columns) -> None:
    """Rows ``i`` of a series, as the table's first (``t``) is but for the columns given; all in SQL."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "AND is_identity = 'NO' AND is_generated = 'NEVER'",
        [table],
    )
    values = {name: f't."{name}"' for (name,) in cursor.fetchall()} | columns
    selected = ", ".join(values.values()).format(**names)
    written = ", ".join(f'"{name}"' for name in values)
    first = f"(SELECT * FROM {table} WHERE {like} LIMIT 1) t"
    cursor.execute(
        f"INSERT INTO {table} ({written}) SELECT {selected} FROM {first}, {series} WHERE {where}".format(**names)
    )


def copy_users(cursor, names) -> None:
    copy(
        cursor, "auth_user", "generate_series(1, {others}) i", names, username="'user' || i", is_superuser="false",
        is_staff="false",
    )  # fmt: skip
    cursor.execute("SELECT min(id) FROM auth_user WHERE username LIKE 'user%'")
    names["first"] = cursor.fetchone()[0]


def copy_datasets(cursor, names) -> None:
    """Ada has as many as ``own_datasets``, the others the rest."""
    series, key, version = (
        "generate_series(0, {datasets} - 1) i",
        "md5('dataset' || i)::uuid",
        "md5('version' || i)::uuid",
    )
    created = f"now() - {YEARS} * i / {{datasets}}"
    copy(
        cursor, "lora_datasets", series, names, id=key, version_id=version, created_at=created, name="'Chats ' || i",
        user_id="CASE WHEN i < {own_datasets} THEN {ada} ELSE {first} + i % {others} END",
    )  # fmt: skip
    copy(
        cursor, "lora_dataset_versions", series, names, id=version, dataset_id=key, created_at=created,
        file="'datasets/' || i",
    )  # fmt: skip
    copy(cursor, "lora_dataset_token_caches", series, names, version_id=version, created_at=created)
    copy(cursor, "lora_data_fits", series, names, version_id=version, created_at=created)


def copy_jobs(cursor, names) -> None:
    done = f"CASE WHEN {DONE} THEN {CREATED} + interval '3 hours' END"
    copy(
        cursor, "lora_training_jobs", "generate_series(1, {jobs}) i", names, id=JOB, user_id=OWNER, status=STATUS,
        dataset_id=DATASET.replace("{column}", "dataset_id").replace("{kind}", "dataset"),
        dataset_version_id=DATASET.replace("{column}", "dataset_version_id").replace("{kind}", "version"),
        gpu_config=f"jsonb_build_object('type', {GPUS}, 'count', 1 + i % 2)",
        created_at=CREATED, queued_at=CREATED, available_at=CREATED, finished_at=done,
        nudged_at="now() + interval '1 day'", name="CASE WHEN i % 3 = 0 THEN 'Run ' || i ELSE '' END",
        tags="ARRAY['tag' || i % 50, 'tag' || i / 100 % 10]", current_cost="i % 997 / 100.0",
        final_cost=f"CASE WHEN {DONE} THEN i % 997 / 100.0 ELSE 0 END",
        final_seconds=f"CASE WHEN {DONE} THEN 10800 + i % 5000 ELSE 0 END",
        final_loss=f"CASE WHEN {DONE} THEN 1 + i % 9973 / 1e4 ELSE 'Infinity' END",
        final_evaluation_loss=f"CASE WHEN {DONE} THEN 1 + i % 9967 / 1e4 ELSE 'Infinity' END",
        preset_id="(ARRAY['fast', 'balanced', 'quality', 'custom'])[1 + i / 100 % 4]",
        heartbeat_at=f"CASE WHEN {DONE} THEN {CREATED} ELSE now() + interval '1 day' END",
        error_code=f"CASE WHEN {{kind}} IN (1, 2) AND {DONE} THEN 'out_of_memory' ELSE '' END",
        worker=f"CASE WHEN i > {{waiting}} THEN 'gpu@' || {GPUS} ELSE '' END",
        expected_finish_at=f"CASE WHEN {DONE} THEN NULL ELSE now() + interval '1 hour' END",
    )  # fmt: skip


def copy_what_jobs_leave(cursor, names) -> None:
    series = "generate_series(1, {jobs}) i"
    copy(cursor, "lora_run_plans", series, names, like="job_id = {job}", job_id=JOB)
    copy(
        cursor, "lora_run_measurements", "generate_series({waiting} + {claimed} + 1, {jobs}) i", names, job_id=JOB,
        hardware=GPUS, gpu_type=GPUS, created_at=CREATED, tokens_per_second="900 + i % 700",
        sequence_length="150 + i % 650", rank="8 * (1 + i % 4)",
    )  # fmt: skip
    moves = (("", "queued"), ("queued", "initializing"), ("initializing", "running"), ("running", "ended"))
    for number, (before, after) in enumerate(moves):
        copy(
            cursor, "lora_job_events", series, names, where=DONE if number else "true", job_id=JOB,
            from_status=f"'{before}'", to_status=STATUS if after == "ended" else f"'{after}'",
            created_at=f"{CREATED} + interval '{number} minutes'",
            seconds_before="i % 100",
        )  # fmt: skip
    curves = "generate_series({waiting} + {claimed} + 1, {waiting} + {claimed} + {with_curves}) i"
    copy(cursor, "lora_job_metrics", f"{curves}, generate_series(1, 200) nth", names, job_id=JOB, step="nth")
    copy(cursor, "lora_job_logs", curves, names, job_id=JOB)
    copy(cursor, "lora_artifacts", series, names, where=DONE, job_id=JOB, user_id=OWNER, created_at=CREATED)
    copy(
        cursor, "lora_notifications", series, names, id="md5('note' || i)::uuid", user_id=OWNER, created_at=CREATED,
        read_at=f"CASE WHEN i > {{waiting}} THEN {CREATED} END",
    )  # fmt: skip
    copy(
        cursor, "lora_idempotency_keys", "generate_series(1, {waiting}) i", names, key="'key' || i", job_id=JOB,
        created_at="now()",
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
