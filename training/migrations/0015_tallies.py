"""Running totals of jobs and events, kept by triggers: whoever writes a row, and however many, it is counted."""

import django.contrib.postgres.fields
from django.db import migrations, models

EDGES = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400]

JOB = "ARRAY[status, gpu_config ->> 'type', CASE status WHEN 'failed' THEN error_code ELSE '' END]"
MOVE = "ARRAY[from_status, to_status]"
EDGE = (
    f"COALESCE((SELECT min(edge)::text FROM unnest(ARRAY{EDGES}::float8[]) edge WHERE edge >= seconds_before), '+Inf')"
)
CLAIM = "from_status = 'queued' AND to_status = 'initializing' AND seconds_before IS NOT NULL"

INSERT = "INSERT INTO lora_tallies (series, labels, count, seconds)"
ADD_JOBS = f"{INSERT} SELECT 'jobs', {JOB}, count(*), 0 FROM %s GROUP BY 2"
TAKE_JOBS = f"{INSERT} SELECT 'jobs', {JOB}, -count(*), 0 FROM %s GROUP BY 2"
ADD_MOVES = f"{INSERT} SELECT 'moves', {MOVE}, count(*), 0 FROM %s GROUP BY 2"
ADD_CLAIMS = (
    f"{INSERT} SELECT 'claims', ARRAY[edge], count(*), sum(seconds_before) "
    f"FROM (SELECT {EDGE} AS edge, seconds_before FROM %s WHERE {CLAIM}) claims GROUP BY 2"
)


def function(name, *statements):
    body = "; ".join(statements)
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$;"


FORWARDS = "\n".join(
    [
        function("lora_tally_added_jobs", ADD_JOBS % "added"),
        function("lora_tally_removed_jobs", TAKE_JOBS % "removed"),
        function("lora_tally_moved_job", TAKE_JOBS % "(SELECT OLD.*) job", ADD_JOBS % "(SELECT NEW.*) job"),
        function("lora_tally_added_events", ADD_MOVES % "added", ADD_CLAIMS % "added"),
        "LOCK TABLE lora_training_jobs, lora_job_events IN SHARE ROW EXCLUSIVE MODE;",
        "CREATE TRIGGER lora_tally_added AFTER INSERT ON lora_training_jobs REFERENCING NEW TABLE AS added",
        "    FOR EACH STATEMENT EXECUTE FUNCTION lora_tally_added_jobs();",
        "CREATE TRIGGER lora_tally_removed AFTER DELETE ON lora_training_jobs REFERENCING OLD TABLE AS removed",
        "    FOR EACH STATEMENT EXECUTE FUNCTION lora_tally_removed_jobs();",
        # A heartbeat sets none of these columns, and costs nothing.
        "CREATE TRIGGER lora_tally_moved AFTER UPDATE OF status, gpu_config, error_code ON lora_training_jobs",
        "    FOR EACH ROW WHEN ((OLD.status, OLD.gpu_config, OLD.error_code)",
        "        IS DISTINCT FROM (NEW.status, NEW.gpu_config, NEW.error_code))",
        "    EXECUTE FUNCTION lora_tally_moved_job();",
        "CREATE TRIGGER lora_tally_added AFTER INSERT ON lora_job_events REFERENCING NEW TABLE AS added",
        "    FOR EACH STATEMENT EXECUTE FUNCTION lora_tally_added_events();",
        f"{ADD_JOBS % 'lora_training_jobs'};",
        f"{ADD_MOVES % 'lora_job_events'};",
        f"{ADD_CLAIMS % 'lora_job_events'};",
    ]
)
BACKWARDS = """
DROP TRIGGER lora_tally_added ON lora_job_events;
DROP TRIGGER lora_tally_moved ON lora_training_jobs;
DROP TRIGGER lora_tally_removed ON lora_training_jobs;
DROP TRIGGER lora_tally_added ON lora_training_jobs;
DROP FUNCTION lora_tally_added_events, lora_tally_moved_job, lora_tally_removed_jobs, lora_tally_added_jobs;
"""


class Migration(migrations.Migration):
    dependencies = [("training", "0014_indexes_for_long_histories")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "series",
                    models.CharField(
                        choices=[
                            ("jobs", "Jobs by status, GPU type and error code"),
                            ("moves", "Events by status before and after"),
                            ("claims", "Claims by the edge that the wait before was up to, and the seconds waited"),
                        ],
                        max_length=8,
                    ),
                ),
                ("labels", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("count", models.BigIntegerField()),
                ("seconds", models.FloatField(default=0.0)),
            ],
            options={"db_table": "lora_tallies"},
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
