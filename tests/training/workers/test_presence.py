"""Workers say for themselves that they are there, and what they serve."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.parse
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from training.jobs import queues
from training.models import BaseModel, GpuType, Worker
from training.workers import host, presence

ROOT = Path(__file__).resolve().parents[3]
GPUS = [("0", "GPU-aaaa", "NVIDIA A100-SXM4-80GB"), ("1", "GPU-bbbb", "NVIDIA A100-SXM4-80GB")]


def wait_for(question, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain")


@pytest.fixture
def start_worker(catalogue, tmp_path):
    """Start a GPU worker of the test's database: a real process."""
    url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = os.environ | {
        "DATABASE_URL": url.geturl(),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
    }
    processes = []

    def start(*arguments, **extra):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "gpu_worker", *arguments],
            cwd=ROOT,
            env=environment | extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def alive():
    return Worker.objects.alive().first()


def test_a_worker_is_listed_while_it_runs(start_worker):
    process = start_worker("--gpu", "H100", "--gpu", "A100-80GB", PIPELINE_TRAINER_DEVICE="cpu")
    worker = wait_for(alive)
    assert worker.name == f"gpu@{socket.gethostname()}"
    assert worker.host == socket.gethostname()
    assert worker.queues == ["gpu.a100-80gb", "gpu.h100"]
    assert (worker.device, worker.gpu_count) == ("cpu", 0)
    assert worker.device_name.startswith("CPU")
    assert abs(timezone.now() - worker.started_at) < timedelta(seconds=10)
    process.terminate()
    assert process.wait(20) == 0
    assert not Worker.objects.exists()


L40S = "echo '0, GPU-1, NVIDIA L40S'"


@pytest.mark.parametrize(
    ("arguments", "driver", "served"),
    [
        ([], "echo '0, GPU-1, NVIDIA H100 80GB HBM3'", {"gpu.h100"}),
        (["--gpu", "A100-80GB"], L40S, {"gpu.a100-80gb"}),
        (["--gpu", ""], L40S, {"gpu.l40s"}),
        (["--every-queue"], L40S, None),
        ([], "echo '0, GPU-1, NVIDIA Next 1TB'", None),
        ([], "exit 1", None),
    ],
)
def test_a_worker_serves_the_card_that_its_host_has(start_worker, nvidia_smi, arguments, driver, served):
    nvidia_smi(driver)
    start_worker(*arguments, PIPELINE_TRAINER_DEVICE="auto" if driver == "exit 1" else "cuda")
    expected = served or {gpu_type.queue for gpu_type in GpuType.objects.all()}
    assert set(wait_for(alive).queues) == expected


def test_a_worker_whose_card_is_not_on_offer_says_what_to_do_and_serves_it_all_the_same(start_worker, nvidia_smi):
    nvidia_smi(L40S)
    process = start_worker(PIPELINE_TRAINER_DEVICE="cuda")
    assert wait_for(alive).queues == ["gpu.l40s"]
    (card,) = queues.unoffered_cards()
    assert (card.gpu_type.name, card.device_name, card.hosts) == ("L40S", "NVIDIA L40S", (socket.gethostname(),))
    process.terminate()
    output, _ = process.communicate(timeout=20)
    assert "This host's NVIDIA L40S 48GB is not on offer, so nobody can choose it. Activate it in the admin" in output


def test_a_second_worker_of_the_name_is_refused_and_a_restart_after_a_kill_is_not(start_worker):
    first = start_worker()
    row = wait_for(alive)
    second = start_worker()
    output, _ = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"A worker named {row.name} runs on this host already" in output
    assert "Traceback" not in output
    assert Worker.objects.get().pk == row.pk

    first.send_signal(signal.SIGKILL)
    first.wait()
    third = start_worker()
    wait_for(lambda: Worker.objects.exclude(pk=row.pk).exists())
    assert Worker.objects.count() == 1
    assert third.poll() is None


def test_a_worker_of_the_name_on_another_host_is_refused(start_worker):
    name = report(f"gpu@{socket.gethostname()}", host="elsewhere").name
    refused = start_worker()
    output, _ = refused.communicate(timeout=20)
    assert refused.returncode == 1
    assert f"A worker named {name} is alive on elsewhere." in output


def report(name, *, host="here", age=timedelta()):
    now = timezone.now()
    return Worker.objects.create(name=name, host=host, started_at=now - age, last_seen_at=now - age)


@pytest.fixture
def reporter(catalogue, monkeypatch):
    """One in this process, impatient."""
    monkeypatch.setattr(presence, "REPORT_SECONDS", 0.05)
    reporter = presence.Reporter("gpu@test", lambda: ["gpu.h100"])
    yield reporter
    reporter.stop()


def test_a_row_that_was_taken_away_is_written_again(reporter):
    reporter.start()
    Worker.objects.all().delete()
    assert wait_for(alive).queues == ["gpu.h100"]


def test_a_worker_reports_the_base_models_that_its_host_has(reporter, settings, tmp_path, monkeypatch):
    settings.MODELS_DIR = tmp_path
    monkeypatch.setattr(presence, "LOOK_SECONDS", 0.1)
    default = BaseModel.objects.get(is_default=True)
    (tmp_path / default.source).mkdir()
    reporter.start()
    assert (alive().base_models, alive().may_fetch) == ([default.name], False)
    (tmp_path / "late").mkdir()
    BaseModel.objects.create(name="example/late", source="late", parameters=1, license="mit")
    wait_for(lambda: set(alive().base_models) == {default.name, "example/late"})
    (tmp_path / "late").rmdir()
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    wait_for(lambda: alive().base_models == [default.name] and alive().may_fetch)


def test_a_worker_looks_at_its_disk_once_a_minute(reporter, settings, tmp_path):
    settings.MODELS_DIR = tmp_path
    reporter.start()
    (tmp_path / BaseModel.objects.get(is_default=True).source).mkdir()
    seen = timezone.now()
    wait_for(lambda: Worker.objects.filter(last_seen_at__gt=seen + timedelta(seconds=0.2)).exists())
    assert alive().base_models == []


def test_a_worker_survives_a_database_that_ends_its_connections(reporter, caplog):
    reporter.start()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    seen = timezone.now()
    wait_for(lambda: Worker.objects.filter(last_seen_at__gt=seen).exists())


def test_a_database_that_is_away_at_the_start_is_said_once_and_waited_for(reporter, caplog, monkeypatch):
    away = True

    def refuse(execute, sql, params, many, context):
        if away:
            raise OperationalError("the server is away")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        reporter.start()
    assert [record.message for record in caplog.records] == [
        "Worker gpu@test cannot report itself, and goes on trying: the server is away"
    ]
    wait_for(alive)


def test_a_dead_workers_name_is_free_and_one_long_gone_is_forgotten(reporter):
    report("gpu@test", host="elsewhere", age=timedelta(minutes=1))
    report("gpu@gone", age=timedelta(days=30))
    report("gpu@resting", age=timedelta(hours=1))
    reporter.start()
    assert set(Worker.objects.values_list("name", flat=True)) == {"gpu@test", "gpu@resting"}


def test_stopping_takes_away_only_its_own_row(reporter):
    reporter.start()
    Worker.objects.all().delete()
    successor = report("gpu@test", host="elsewhere")
    reporter.stop()
    assert Worker.objects.get() == successor


@pytest.mark.parametrize(
    ("chosen", "count"),
    [(None, 2), ("0", 1), ("1,0", 2), ("GPU-bb", 1), ("", 0), ("-1", 0), ("0,7,1", 1)],
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(chosen, count):
    assert len(host.visible(GPUS, chosen)) == count


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Puts a program of that name first on the path."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def install(script):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    return install


def test_gpus_are_those_that_the_driver_lists(nvidia_smi):
    nvidia_smi("echo '0, GPU-1, NVIDIA H100 80GB HBM3'; echo '1, GPU-2, NVIDIA H100 80GB HBM3'")
    assert host.detect("cuda") == host.Device("cuda", "NVIDIA H100 80GB HBM3", 2)
    assert host.detect("cpu").kind == "cpu"


def test_a_driver_that_fails_is_no_gpu(nvidia_smi, caplog):
    nvidia_smi("echo 'NVIDIA-SMI has failed because it could not communicate with the driver'; exit 9")
    assert host.detect("auto").kind == "cpu"
    assert "could not communicate with the driver" in caplog.text
