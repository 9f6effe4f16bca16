"""The end of each job's log, from its row to rows of its own."""

from django.db import migrations

AT_ONCE = 500


def move(apps, schema_editor):
    logs = apps.get_model("training", "JobLog")
    jobs = apps.get_model("training", "TrainingJob").objects.exclude(log_tail="").values_list("pk", "log_tail")
    batch = []
    for pk, text in jobs.iterator(chunk_size=AT_ONCE):
        batch.append(logs(job_id=pk, text=text, lines=text.count("\n") + 1))
        if len(batch) == AT_ONCE:
            logs.objects.bulk_create(batch)
            batch = []
    logs.objects.bulk_create(batch)


def move_back(apps, schema_editor):
    logs = apps.get_model("training", "JobLog").objects
    jobs = apps.get_model("training", "TrainingJob").objects
    for pk in logs.order_by().values_list("job", flat=True).distinct():
        texts = logs.filter(job=pk).order_by("id").values_list("text", flat=True)
        jobs.filter(pk=pk).update(log_tail="\n".join(texts))


class Migration(migrations.Migration):
    dependencies = [("training", "0007_revisions_and_logs")]
    operations = [migrations.RunPython(move, move_back)]
