"""Everything real: the web server over HTTP, worker processes, the broker, the database, the trainer."""

import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from playwright.sync_api import sync_playwright

from datasets.services import dataset_upload
from datasets.validation import validate
from pipeline.accounts.models import ApiToken
from tests.e2e.listing import processes
from tests.training.server.conftest import make_adapters
from tests.training.trainer.conftest import conversations
from training.core.presets import PRESETS
from training.models import Artifact, BaseModel, DataFit, TrainingJob
from training.tasks import check_data
from training.workers import artifacts

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
BUNDLED = "SmolLM2-135M-Instruct"
FAST = PRESETS["fast"].hyperparameters.to_dict()


@pytest.fixture
def tiny_base_model(catalogue, tiny_model):
    model = BaseModel.objects.get(is_default=True)
    model.source, model.name = tiny_model.name, "example/tiny"
    model.save()
    return model


@pytest.fixture(scope="session")
def environment(django_db_setup, tiny_model):
    """For processes of ours: the tests' database, broker and folders, and the tiny model."""
    url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
    url = url._replace(path=f"/{connection.settings_dict['NAME']}")
    return os.environ | {
        "DATABASE_URL": urllib.parse.urlunsplit(url),
        "PIPELINE_MODELS_DIR": str(tiny_model.parent),
        "PIPELINE_TOKENIZER": tiny_model.name,
        "PIPELINE_STOP_GRACE_SECONDS": "10",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


class Worker:
    """A worker process and what it printed."""

    def __init__(self, command, environment, log):
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def stop(self, number=signal.SIGTERM, timeout=30):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise


@pytest.fixture
def start_worker(environment, tmp_path, tiny_base_model):
    """Start a worker: "default" (data sets, sweeps) or "gpu" (training)."""
    workers = []

    def start(kind, **extra):
        commands = {
            "default": ["celery", "-A", "pipeline", "worker", "-Q", "default,datasets", "-c", "1", "-n", "d@test"],
            "gpu": [sys.executable, "manage.py", "gpu_worker", "--every-queue", "--name", f"gpu{len(workers)}"],
        }
        worker = Worker(commands[kind], environment | extra, tmp_path / f"worker-{len(workers)}.log")
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.stop()


class Person:
    """Someone at a browser without scripts: pages, forms, cookies; and a token for the API."""

    def __init__(self, base, token):
        self.base, self.token = base, token
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.url = ""

    def get(self, path):
        with self.opener.open(self.base + path, timeout=30) as answer:
            self.url = answer.url.removeprefix(self.base)
            return answer.read()

    def page(self, path):
        return self.get(path).decode()

    def submit(self, path, **values):
        """Load the form's page, fill it in, send it, and follow where it leads."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page(path))[1]
        action = urllib.parse.urlsplit(path).path
        request = urllib.request.Request(
            self.base + action,
            data=encode_multipart(BOUNDARY, values | {"csrfmiddlewaretoken": token}),
            headers={"Content-Type": MULTIPART_CONTENT, "Referer": self.base + path},
        )
        with self.opener.open(request, timeout=30) as answer:
            self.url = answer.url.removeprefix(self.base)
            return answer.read().decode()

    def api(self, method, path, body=None):
        """Status and JSON of an API call with the token."""
        request = urllib.request.Request(
            self.base + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture(scope="session")
def server(environment, tmp_path_factory):
    """The address of the web server, the one that production uses; one for all tests, as for all people."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pipeline.serving", "--port", str(port)]
    process = Worker(command, environment, tmp_path_factory.mktemp("web") / "web.log")
    url = f"http://127.0.0.1:{port}"

    def answers():
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=1) as answer:
            return answer.status == 200

    wait_for(answers, seconds=60, what="the web server")
    yield url
    process.stop()


@pytest.fixture
def web(server, catalogue):
    """The web server's address, with the catalogue in its database."""
    return server


@pytest.fixture
def session(signed_in, web):
    """The cookie of somebody who has signed in, as Playwright takes it."""
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": signed_in.cookies[name].value, "url": web}


@pytest.fixture(scope="module")
def chromium():
    # Playwright runs an event loop in this thread, in which Django otherwise refuses to use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def width(request):
    return request.param


@contextlib.contextmanager
def watched(chromium, web, width, *, console=True):
    """A page of a browser of its own; scripts that fail, and what else the console complains of, fail the test."""
    context = chromium.new_context(viewport={"width": width, "height": 860}, base_url=web)
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    if console:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def visitor(chromium, web, width):
    """A page of somebody who has not signed in."""
    with watched(chromium, web, width) as page:
        yield page


@pytest.fixture
def page(visitor, session):
    """The same, signed in."""
    visitor.context.add_cookies([session])
    visitor.goto("/datasets")
    return visitor


@pytest.fixture
def person(web, user):
    user.set_password("correct horse battery")
    user.save()
    someone = Person(web, ApiToken.objects.create(user)[1])
    someone.submit("/login", username="ada", password="correct horse battery")
    return someone


def wait_for(question, *, seconds=90, what):
    """Ask until the answer is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def wait_for_status(job_id, *statuses):
    def question():
        job = TrainingJob.objects.get(pk=job_id)
        return job if job.status in statuses else None

    try:
        return wait_for(question, what=f"status {statuses}")
    except AssertionError:
        job = TrainingJob.objects.get(pk=job_id)
        raise AssertionError(f"job is {job.status}: {job.error_message}\n{job.log_tail}") from None


def chats(count=120):
    return "".join(json.dumps(row) + "\n" for row in conversations(count)).encode()


@pytest.fixture
def ready(user, tiny_base_model, tokenizer_of_the_tiny_model):
    """A data set that was uploaded and validated, here rather than by a worker, which would have to start first."""
    dataset = dataset_upload(user=user, name="Real chats", file=SimpleUploadedFile("chats.jsonl", chats()))
    validate(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.status == "ready"
    return dataset


def job_body(dataset, **hyperparameters):
    return {
        "dataset_id": str(dataset.pk),
        "preset_id": "custom",
        "gpu_config": {"type": "H100", "count": 4},
        "hyperparameters": FAST | hyperparameters,
        "estimated_cost": 1.0,
    }


@pytest.fixture
def start_job(person):
    """Start a job on a data set over the API; returns its id."""

    def start(dataset, *, max_cost=None, **hyperparameters):
        body = job_body(dataset, **hyperparameters) | {"max_cost": max_cost}
        status, answer = person.api("POST", "/api/jobs", body)
        if status == 409:  # the data are still to be checked for the base model: here rather than by a worker
            check_data(DataFit.objects.get(version=dataset.version, status="waiting").pk)
            status, answer = person.api("POST", "/api/jobs", body)
        assert status == 201, answer
        return answer["data"]["id"]

    return start


def trainer_of(job):
    """The process id of the job's trainer."""
    return next(iter(processes("-m trainer", job.pk)), None)


@pytest.fixture(scope="module")
def bundled(environment):
    """The bundled model, in the folder that the web server looks for base models in."""
    model = Path(os.environ["PIPELINE_MODELS_DIR"]) / BUNDLED
    if not model.is_dir():
        pytest.skip(f"the bundled model is not in {model}: run make install")
    place = Path(environment["PIPELINE_MODELS_DIR"]) / BUNDLED
    shutil.copytree(model, place)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def bundled_adapter(bundled, tmp_path_factory):
    """A random adapter of it, strong enough to answer otherwise and weak enough to answer in words."""
    return make_adapters(bundled, tmp_path_factory.mktemp("adapters"), "blue", strength=0.4) / "blue"


@pytest.fixture
def trained(bundled_adapter, put_job, ready):
    """A job with an adapter of the bundled model, on a data set that has been read."""
    BaseModel.objects.filter(is_default=True).update(source=BUNDLED, name=BUNDLED)
    job = put_job("completed", name="Tone", progress=100, dataset_version=ready.version)
    type(job).objects.filter(pk=job.pk).update(dataset=ready)
    job.refresh_from_db()
    artifacts.store(job, bundled_adapter, Artifact.Kind.ADAPTER).save()
    return job
