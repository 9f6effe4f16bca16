"""Every page and every call asks the database as many questions of a long history as of a short one."""

import logging
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.web.routes import addresses
from tests.web.scene import ADMIN, TOKEN, USER
from training.models import Artifact, IdempotencyKey, JobEvent, JobMetric, RunMeasurement, RunPlan

pytestmark = pytest.mark.django_db

FEW, MANY = 110, 300
"""Both more than a page of any list: the rows of a single page are not counted."""

MOST = {
    "": 2, "account": 12, "account/password": 4, "login": 2, "metrics": 14, "notifications": 6,
    "training/accuracy": 8, "training/configure": 16, "training/jobs": 8, "training/jobs/compare": 3,
    "training/jobs/<uuid:job_id>": 12, "training/jobs/<uuid:job_id>/again": 9,
    "training/jobs/<uuid:job_id>/edit": 5, "training/jobs/<uuid:job_id>/delete": 5,
    "training/jobs/<uuid:job_id>/metrics": 5,
    "training/jobs/<uuid:job_id>/status": 12,
    "training/jobs/<uuid:job_id>/try": 6, "training/jobs/<uuid:job_id>/try/prompts": 6,
    "datasets": 6, "datasets/upload": 4, "datasets/<uuid:pk>": 8, "datasets/<uuid:pk>/download": 4,
    "datasets/<uuid:pk>/left-out.csv": 4, "datasets/<uuid:pk>/manage": 5, "datasets/<uuid:pk>/preview": 5,
    "datasets/<uuid:pk>/problems.csv": 4, "datasets/<uuid:pk>/status": 7, "datasets/<uuid:pk>/upload": 5,
    "datasets/<uuid:pk>/versions/<int:number>/download": 5,
    "api/datasets": 4, "api/datasets/<uuid:pk>": 3, "api/datasets/<uuid:pk>/download": 3,
    "api/datasets/<uuid:pk>/errors": 3, "api/datasets/<uuid:pk>/left-out": 3, "api/datasets/<uuid:pk>/preview": 4,
    "api/datasets/<uuid:pk>/versions": 5, "api/jobs": 4, "api/jobs/<uuid:job_id>": 11,
    "api/jobs/<uuid:job_id>/adapter": 4, "api/docs": 2, "api/schema": 1, "v1/models": 3,
    "admin/": 4, "admin/^<app_label>/$": 4, "admin/<model>/": 14, "admin/<model>/add/": 4,
    "admin/<model>/<path:object_id>/": 3, "admin/<model>/<path:object_id>/change/": 11,
    "admin/<model>/<path:object_id>/delete/": 12, "admin/<model>/<path:object_id>/history/": 6,
    "admin/<model>/<id>/password/": 4, "admin/<model>/overview/": 16, "admin/autocomplete/": 3, "admin/jsi18n/": 3,
    "admin/login/": 3, "admin/password_change/": 3, "admin/password_change/done/": 3,
    "admin/r/<path:content_type_id>/<path:object_id>/": 6, "admin/(?P<url>.*)$": 4, "healthz": 0, "readyz": 0,
}  # fmt: skip
"""By kind of route: the most questions of a plain GET. A new route needs a row; a larger figure, a reason."""


def copies(row, count, **changes):
    """``changes``: what differs, by column, each a function of the copy's number."""
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    if isinstance(columns.get("id"), int):
        columns["id"] = None
    made = [type(row)(**columns | {name: change(i) for name, change in changes.items()}) for i in range(count)]
    return type(row).objects.bulk_create(made)


def lengthen(world, count):
    """So many finished jobs more with all that they leave, a tenth of them waiting, and as many of all else."""
    job, now = world.job, timezone.now()
    times = dict.fromkeys(("created_at", "queued_at", "available_at"), lambda i: now - timedelta(minutes=i))
    ended = {"status": lambda i: "completed", "finished_at": lambda i: now}
    jobs = copies(job, count, id=lambda i: uuid.uuid4(), **times, **ended)
    jobs += copies(job, count // 10, id=lambda i: uuid.uuid4(), **times)
    for model in (RunPlan, RunMeasurement, JobEvent, JobMetric, Artifact):
        copies(model.objects.filter(job=job).first(), len(jobs), job_id=lambda i: jobs[i].pk)
    of_one = {
        world.notification: {"id": lambda i: uuid.uuid4()},
        JobEvent.objects.filter(job=job).first(): {},
        IdempotencyKey.objects.first(): {"key": lambda i: str(uuid.uuid4()), "job_id": lambda i: jobs[i].pk},
        world.dataset: {"id": lambda i: uuid.uuid4(), "version_id": lambda i: None},
        world.dataset.version: {"id": lambda i: uuid.uuid4(), "number": lambda i: count + i + 1},
        world.dataset.user: {"username": lambda i: f"user{count}-{i}"},
    }
    for row, changes in of_one.items():
        copies(row, count, **changes)


def counted(world):
    """Questions of a GET of each route, by what is behind it."""
    ContentType.objects.get_for_models(*apps.get_models())
    assert world.clients[TOKEN].get("/api/jobs").status_code == 200  # its last use is written down once a minute
    found = {}
    for address in addresses():
        path = address.path(world.parts(address))
        who = ADMIN if path.startswith(("/admin", "/metrics")) else TOKEN if address.is_api else USER
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            answer = world.clients[who].get(path)
            transaction.set_rollback(True)
        assert answer.status_code not in (401, 403, 429, 500) or who == ADMIN, path
        if answer.status_code != 405:
            found[address] = len([query for query in asked if "SAVEPOINT" not in query["sql"]])
    return found


@pytest.fixture
def quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_a_long_history_costs_no_question_more(world, quiet):
    lengthen(world, FEW)
    few = counted(world)
    lengthen(world, MANY)
    many = counted(world)
    longer = {address.pattern: (few[address], count) for address, count in many.items() if count != few[address]}
    assert not longer
    most = {}
    for address, count in many.items():
        most[address.kind] = max(count, most.get(address.kind, 0))
    assert most.keys() <= MOST.keys(), "routes without a row"
    assert not {kind: count for kind, count in most.items() if count > MOST[kind]}
