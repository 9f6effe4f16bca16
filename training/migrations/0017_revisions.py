"""A value that changes with the catalogue or with what was measured, by which a process knows whether to read again."""

from django.db import migrations, models

TABLES = {
    "lora_gpu_types": "catalogue",
    "lora_base_models": "catalogue",
    "lora_run_measurements": "measurements",
}
REVISE = (
    "INSERT INTO lora_revisions (name, value) VALUES (TG_ARGV[0], gen_random_uuid()) "
    "ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value"
)
PRESENT = [f"('{name}', gen_random_uuid())" for name in sorted(set(TABLES.values()))]
FORWARDS = "\n".join(
    [
        f"CREATE FUNCTION lora_revise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {REVISE}; RETURN NULL; END $$;",
        *(
            f"CREATE TRIGGER lora_revise AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION lora_revise('{name}');"
            for table, name in TABLES.items()
        ),
        f"INSERT INTO lora_revisions (name, value) VALUES {', '.join(PRESENT)};",
    ]
)
BACKWARDS = "\n".join([*(f"DROP TRIGGER lora_revise ON {table};" for table in TABLES), "DROP FUNCTION lora_revise;"])


class Migration(migrations.Migration):
    dependencies = [("training", "0016_records_removed_by_age")]

    operations = [
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "name",
                    models.CharField(
                        help_text="catalogue or measurements.", max_length=16, primary_key=True, serialize=False
                    ),
                ),
                ("value", models.UUIDField()),
            ],
            options={"db_table": "lora_revisions"},
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
