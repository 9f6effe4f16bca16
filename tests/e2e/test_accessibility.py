"""axe-core finds nothing to complain of: on every page, light and wide, dark and narrow, and in every state."""

import json
import uuid
from datetime import timedelta
from functools import partial

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from django.views.defaults import bad_request, permission_denied
from playwright.sync_api import Route

from datasets.models import Dataset
from datasets.services import dataset_upload
from datasets.validation import validate
from notifications.models import Notification
from pipeline.accounts.models import ApiToken
from pipeline.errors import server_error
from tests.datasets.corpus import chat
from tests.e2e.addresses import pages
from tests.e2e.conftest import watched
from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest
from tests.training.measured import record, start
from training.models import (
    Artifact,
    IdempotencyKey,
    JobDeletion,
    JobEvent,
    JobLog,
    JobMetric,
    TrainingJob,
    Worker,
)

DARK = """() => new Promise((painted) => {
    document.documentElement.classList.add("dark");
    requestAnimationFrame(() => requestAnimationFrame(painted));
})"""
EXPLAINED = """() => axe.run().then(found => found.violations.flatMap(violation => violation.nodes.map(
    node => `${violation.id} at ${node.target.join(' ')}: ${node.failureSummary.split('\\n').slice(1, 2)}`)))"""
ROWS = [{"messages": chat((f"Question {number}", f"Write {number} to desk@shop.test"))} for number in range(40)]


@pytest.fixture
def read(user, tiny_base_model, tokenizer_of_the_tiny_model):
    """A data set that has been read: of these rows, and of this text after them."""

    def make(name, rows, more=""):
        content = "".join(json.dumps(row) + "\n" for row in rows) + more
        dataset = dataset_upload(user=user, name=name, file=ContentFile(content.encode(), name="chats.jsonl"))
        validate(dataset.pk)
        dataset.refresh_from_db()
        return dataset

    return make


@pytest.fixture
def datasets(read, make_dataset):
    """One in each state, with whatever can be found in one."""
    long = {"messages": chat(("Why? " * 1500, "Because."))}
    found = [
        read("Chats with warnings", [*ROWS, long, ROWS[0] | {"more": 1}]),
        read("Chats with errors", ROWS[:5], "{\n" * 120 + '{"messages": [{"role": "bot", "content": "x"}]}\n'),
        read("Columns to map", [{"frage": "Hello", "antwort": "Hi"}]),
        *(make_dataset(status=status, training_ready=False) for status in ("uploaded", "validating", "cancelled")),
    ]
    Dataset.objects.filter(pk=found[1].pk).update(left_out_count=2)
    return found


@pytest.fixture
def jobs(user, datasets, put_job):
    """One in each state, and three runs that were measured."""
    error = {"error_code": "out_of_memory", "error_message": "The GPU ran out of memory. Choose a smaller batch."}
    found = [
        put_job("queued"),
        put_job("initializing", attempt=1, device="cpu", device_name="AMD EPYC"),
        put_job("running", attempt=1, device="cuda", current_step=5, progress=50, worker="gpu0@host"),
        put_job("failed", age=timedelta(hours=1), attempt=3, **error),
        put_job("cancelled", age=timedelta(hours=1)),
        *(start(user, datasets[0]) for _ in range(3)),
    ]
    for job in found[-3:]:
        record(job)
        TrainingJob.objects.filter(pk=job.pk).update(
            status="completed", finished_at=timezone.now(), started_at=job.created_at, current_cost="1.20", progress=100
        )
        file = ContentFile(b"PK", name=f"{job.pk}.zip")
        Artifact.objects.create(job=job, file=file, file_name="adapter.zip", size=9, sha256="0" * 64)
    for job in found[2:]:
        JobMetric.objects.create(job=job, step=1, epoch=0.1, loss=2.0, learning_rate=1e-4, tokens_per_second=900)
        JobMetric.objects.create(job=job, step=5, epoch=0.5, loss=1.5, evaluation_loss=1.6, tokens_per_second=900)
        JobEvent.objects.create(job=job, actor="gpu0@host", from_status="queued", to_status="running")
        JobLog.objects.create(job=job, text="Step 1\nStep 2", lines=2)
    return found


@pytest.fixture
def scene(user, datasets, jobs):
    """Something on every page; what may stand in an address."""
    now = timezone.now()
    type(user).objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    for number, kind in enumerate(Notification.Type):
        read_at = now if number % 2 else None
        Notification.objects.create(user=user, type=kind, title=kind.label, message="A message", read_at=read_at)
    for name, seen in (("gpu0@host", now), ("gpu1@host", now - timedelta(days=1))):
        about = {"device": "cuda", "device_name": "NVIDIA H100 80GB HBM3", "gpu_count": 8, "queues": ["gpu.H100"]}
        Worker.objects.create(name=name, host="host", started_at=now, last_seen_at=seen, **about)
    IdempotencyKey.objects.create(user=user, key="k", digest="0" * 64, job=jobs[0])
    JobDeletion.objects.create(
        job_id=uuid.uuid4(), user=user, actor="ada", title="Tone",
        status="failed", gpu_config={"type": "H100", "count": 1}, cost=1, job_created_at=now,
    )  # fmt: skip
    Group.objects.create(name="Operators")
    token, _ = ApiToken.objects.create(user)
    AccessAttempt.objects.create(username="ada", ip_address="192.0.2.1", failures_since_start=3)
    return {
        "datasets:pk": datasets[0].pk,
        "datasets:number": 1,
        "datasets:detail": [{"pk": dataset.pk} for dataset in datasets],
        "training:job_id": jobs[-1].pk,
        "training:job": [{"job_id": job.pk} for job in jobs],
        "notifications:pk": Notification.objects.first().pk,
        ":token_key": token.token_key,
        "admin:app_list": [
            {"app_label": name} for name in ("auth", "accounts", "axes", "datasets", "notifications", "training")
        ],
        "admin:training_trainingjob_change": [{"object_id": job.pk} for job in (jobs[0], jobs[-1])],
        "admin:datasets_dataset_change": [{"object_id": datasets[0].pk}],
    }


@pytest.fixture
def staff(scene, user):
    client = Client()
    client.force_login(type(user).objects.get(pk=user.pk))
    return client


@pytest.fixture
def page(chromium, web):
    with watched(chromium, web, 1280, console=False) as page:
        page.emulate_media(reduced_motion="reduce")
        page.context.add_init_script(AXE_SCRIPT)
        yield page


def violations(page):
    """What axe-core complains of: on a wide screen in light colours, on a narrow one in dark ones."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 860})
    found = page.evaluate(EXPLAINED)
    page.emulate_media(color_scheme="dark")
    page.evaluate(DARK)
    page.set_viewport_size({"width": 390, "height": 844})
    found += page.evaluate(EXPLAINED)
    return list(dict.fromkeys(found))


@pytest.fixture
def look(page):
    """Have axe-core look at the page as it is; what it complains of fails the test in the end."""
    found = {}

    def look_at(what):
        if said := violations(page):
            found[what] = said

    yield look_at
    assert not found, json.dumps(found, indent=1)


@pytest.fixture
def visit(page, look):
    """Look at pages by their paths."""

    def go(paths):
        for path in paths:
            page.goto(path)
            look(path)

    return go


def signed_in(page, client, web):
    cookie = client.cookies["sessionid"]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": web}])
    return page


def send(page, path, **values):
    """Fill the form of a page in, and send it past the browser's own checks and every script."""
    page.goto(path)
    submit = """([path, values]) => {
        const goesTo = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;
        const form = [...document.querySelectorAll("form[method=post]")].find((form) => goesTo(form) === path);
        for (const [name, value] of Object.entries(values)) {
            const hidden = Object.assign(document.createElement("input"), { type: "hidden", name });
            const control = form.elements[name];
            (control && control.type !== "submit" ? control : form.appendChild(hidden)).value = value;
        }
        HTMLFormElement.prototype.submit.call(form);
    }"""
    with page.expect_navigation():
        page.evaluate(submit, [path.partition("?")[0], values])


def test_every_page_for_staff(page, staff, scene, web, visit):
    """Of the admin, and one that leads there: the others are what a user sees."""
    signed_in(page, staff, web)
    visit([*(path for path in pages(staff, scene) if path.startswith("/admin/")), "/account"])


def test_every_page_for_a_user(page, staff, scene, web, user, visit):
    type(user).objects.filter(pk=user.pk).update(is_staff=False, is_superuser=False)
    signed_in(page, staff, web)
    jobs = TrainingJob.objects.filter(status="completed")
    TrainingJob.objects.filter(pk=jobs[0].pk).update(name="Tone", tags=["support", "week 12"], note="Lower rate.")
    chosen = "&".join(f"job={job.pk}" for job in jobs)
    searches = ["?q=tone&sort=-cost", "?q=nothing", "?cost_min=x&created_from=2026-02-30"]
    nothing = TrainingJob.objects.get(status="failed")
    visit([*pages(staff, scene), f"/training/jobs/compare?{chosen}", "/training/jobs/compare?job=x&job=y",
           f"/training/jobs/{nothing.pk}/try",
           *(f"/training/jobs{search}" for search in searches)])  # fmt: skip


def test_every_page_for_somebody_who_has_nothing_yet(page, client, other_user, web, visit):
    client.force_login(other_user)
    signed_in(page, client, web)
    visit(["/datasets", "/training/jobs", "/training/configure", "/training/accuracy", "/notifications", "/account"])


def test_every_page_for_somebody_who_is_not_signed_in(visit):
    visit(["/login", "/login?next=/training/jobs", "/admin/login/"])


def test_forms_that_say_what_is_wrong(page, staff, scene, web, datasets, look):
    signed_in(page, staff, web)
    forms = {
        "/datasets/upload": {"name": "x" * 201},
        f"/datasets/{datasets[0].pk}/upload": {},
        f"/datasets/{datasets[0].pk}/manage": {"name": ""},
        f"/training/configure?datasetId={datasets[0].pk}": {"max_cost": "-1"},
        "/account/password": {"old_password": "x", "new_password1": "1", "new_password2": "2"},
        "/admin/auth/user/add/": {"username": "ada", "password1": "1", "password2": "2"},
        "/admin/training/gputype/add/": {"name": "H100"},
        "/admin/training/gputype/": {"form-0-price_per_hour": "", "_save": "Save"},
    }
    for path, values in forms.items():
        send(page, path, **values)
        assert page.locator(
            ":is([aria-invalid=true], .error, .errorlist, .errornote, #upload-problem) >> visible=true"
        ).count(), path
        look(path)
    page.context.clear_cookies()
    send(page, "/login", username="ada", password="x")
    look("/login")


def test_what_is_opened_by_hand(page, staff, scene, web, datasets, look):
    signed_in(page, staff, web)
    folded = [f"/datasets/{dataset.pk}" for dataset in datasets[:2]]
    for path in (*folded, f"/training/configure?datasetId={datasets[0].pk}"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
        look(path)
    page.goto(f"/training/jobs/{scene['training:job_id']}/try")
    page.locator("#settings").evaluate("(details) => (details.open = true)")
    look("the settings of a try")
    page.get_by_label("Temperature").fill("9")
    page.get_by_label("Prompt", exact=True).fill("Hello")
    page.get_by_role("button", name="Send").click()
    look("a setting of a try that is wrong")
    page.get_by_label("Temperature").fill("0")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("cannot be reached").first.wait_for()
    look("answers that are not to be had")
    page.context.set_offline(False)
    page.goto("/account")
    page.get_by_role("button", name="New token").click()
    look("a new token")
    page.goto("/account")
    page.get_by_role("button", name="Revoke").first.click()
    look("a message")
    page.goto("/admin/training/trainingjob/")
    page.locator(".action-select").first.check()
    page.locator("select[name=action]").select_option("cancel_jobs")
    page.get_by_role("button", name="Go").click()
    look("the question before an action")


def test_what_has_gone_wrong(page, staff, web, rf, visit):
    signed_in(page, staff, web)
    request = rf.get("/")
    whole = {
        "/400": bad_request(request, Exception()),
        "/403": permission_denied(request, Exception()),
        "/500": server_error(request),
        "/old": HttpResponse(render_to_string("403_csrf.html")),
    }
    for path, answer in whole.items():
        shown = {"body": answer.content.decode(), "content_type": "text/html"}
        page.route(f"**{path}", partial(Route.fulfill, **shown))
    visit(["/nowhere", "/admin/nowhere/", *whole])
