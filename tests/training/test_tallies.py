"""Running totals are what counting every row would give, whoever writes the rows, and however."""

from collections import Counter

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training import tasks
from training.core import status
from training.models import JobEvent, Tally, TrainingJob
from training.models.tally import TallyQuerySet

pytestmark = pytest.mark.django_db


def counted():
    jobs = Counter(
        (job.status, job.gpu_config["type"], job.error_code if job.status == status.FAILED else "")
        for job in TrainingJob.objects.all()
    )
    moves = Counter(JobEvent.objects.values_list("from_status", "to_status"))
    return dict(jobs), dict(moves)


def kept():
    totals = Tally.objects.totals()
    return tuple(
        {labels: total.count for labels, total in totals[name].items() if total.count} for name in ("jobs", "moves")
    )


def put_many(put_job, at):
    job = put_job()
    rows = [
        TrainingJob(**{f.attname: getattr(job, f.attname) for f in job._meta.concrete_fields}) for _ in range(at + 1)
    ]
    for row in rows:
        row.pk = TrainingJob._meta.pk.get_default()
    TrainingJob.objects.bulk_create(rows)


def move_some(put_job, at):
    target = status.ALL[at % len(status.ALL)]
    ends = {"finished_at": F("queued_at") if target in status.FINAL else None, "heartbeat_at": F("queued_at")}
    pks = TrainingJob.objects.order_by("pk").values_list("pk", flat=True)[: at + 1]
    TrainingJob.objects.filter(pk__in=list(pks)).update(status=target, error_code="killed", **ends)


def forget_some(put_job, at):
    for job in TrainingJob.objects.order_by("pk")[: at % 2 + 1]:
        job.delete()


def happen(put_job, at):
    job = put_job()
    before, after = status.ALL[at % 6], status.ALL[(at + 1) % 6]
    JobEvent.objects.bulk_create(
        [
            JobEvent(job=job, actor="w", from_status=before, to_status=after, seconds_before=at),
            JobEvent(job=job, actor="w", from_status="", to_status="queued"),
        ]
    )


def add_up(put_job, at):
    Tally.objects.compact()


ways = st.sampled_from([put_many, move_some, forget_some, happen, add_up])


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(ways, st.integers(0, 5)), max_size=6))
def test_totals_are_what_counting_would_give(put_job, taken):
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(TallyQuerySet, "MOST_ROWS", 0)
        for step, at in taken:
            step(put_job, at)
        (jobs, moves), (there, remembered) = kept(), counted()
        assert jobs == there
        assert all(moves[move] >= count for move, count in remembered.items())  # what has happened stays counted
        assert forget_some in [step for step, _ in taken] or moves == remembered
        transaction.set_rollback(True)


def test_a_heartbeat_writes_no_total(put_job):
    job = put_job("running")
    before = Tally.objects.count()
    TrainingJob.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at"), progress=3)
    job.save()
    assert Tally.objects.count() == before


def test_the_sweep_adds_up_what_has_come(put_job, monkeypatch):
    for _ in range(4):
        put_job()
    monkeypatch.setattr(TallyQuerySet, "MOST_ROWS", 2)
    tasks.sweep()
    assert Tally.objects.filter(series="jobs").count() == 1
    assert Tally.objects.by_gpu([status.QUEUED]) == {"H100": 4}
