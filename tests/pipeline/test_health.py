"""Whether the process is alive, and whether it can do its work."""

import socket
import time

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


def test_the_process_answers_without_asking_anything(client, django_assert_num_queries):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_ready_means_database_broker_and_migrations(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "checks": {"database": "ok", "migrations": "ok", "broker": "ok"}}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_a_probe_by_bare_address_is_answered(client, path):
    assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/login", headers={"Host": "10.1.2.3:8000"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_an_unapplied_migration_is_named(client, catalogue):
    MigrationRecorder.Migration.objects.filter(app="training", name="0003_reliability").delete()
    try:
        answer = client.get("/readyz")
    finally:
        MigrationRecorder(connection).record_applied("training", "0003_reliability")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "not applied: training.0003_reliability"


@pytest.mark.django_db
def test_a_broker_that_is_away_or_mute_is_said_soon(client, settings):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for port in (1, mute.getsockname()[1]):
            settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
            begin = time.monotonic()
            answer = client.get("/readyz")
            assert time.monotonic() - begin < 10
            assert answer.status_code == 503
            assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "broker": "does not answer"}


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_without_its_address(client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "host", "/nowhere")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "does not answer", "migrations": "unknown", "broker": "ok"}
    assert b"nowhere" not in answer.content
