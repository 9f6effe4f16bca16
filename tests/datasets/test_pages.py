"""The pages of data sets."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from datasets import tasks
from datasets.formats.lengths import Lengths
from datasets.models import Dataset
from datasets.services import dataset_upload
from tests.datasets.corpus import chat, jsonl
from training.models import BaseModel, TrainingJob

pytestmark = pytest.mark.django_db

GOOD = [{"messages": chat((f"Question {number}", f"Answer <b>{number}</b>"))} for number in range(8)]


@pytest.fixture
def read_dataset(user, tokenizer_of_the_tiny_model):
    """A data set that has really been read."""

    def make(content, name="chats.jsonl", **chosen):
        dataset = dataset_upload(user=user, name="Chats", file=ContentFile(content, name=name), **chosen)
        tasks.validate_dataset(str(dataset.pk))
        dataset.refresh_from_db()
        return dataset

    return make


def page_of(client, dataset, query=""):
    return client.get(f"/datasets/{dataset.pk}{query}").content.decode()


def test_the_list_is_empty_at_first_and_shows_only_ones_own(signed_in, make_dataset, other_user):
    assert "No datasets yet" in signed_in.get("/datasets").content.decode()
    make_dataset(name="Mine")
    make_dataset(name="Theirs", user=other_user)
    page = signed_in.get("/datasets").content.decode()
    assert "Mine" in page
    assert "1,000" in page
    assert "Theirs" not in page


def test_a_ready_dataset_leads_to_configuring_a_job(signed_in, dataset):
    page = page_of(signed_in, dataset)
    assert f"/training/configure?datasetId={dataset.pk}" in page
    assert "hx-trigger" not in page.split('id="dataset-status"')[1].split(">")[0]


@pytest.mark.parametrize("status", ["uploaded", "validating"])
def test_a_dataset_on_its_way_updates_itself_can_be_cancelled_and_not_trained_on(signed_in, make_dataset, status):
    dataset = make_dataset(status=status, training_ready=False, progress=40)
    page = signed_in.get(f"/datasets/{dataset.pk}/status").content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "configure" not in page
    assert "<html" not in page
    signed_in.post(f"/datasets/{dataset.pk}/cancel")
    assert "Resume reading" in page_of(signed_in, dataset)
    assert Dataset.objects.get().status == "cancelled"
    signed_in.post(f"/datasets/{dataset.pk}/validate")
    assert Dataset.objects.get().status == "uploaded"


def test_errors_are_shown_by_kind_with_line_field_reason_and_excerpt(signed_in, read_dataset):
    bad = b'{"messages": [{"role": "user", "content": "<b>"}, {"role": "bot", "content": "x"}]}\n'
    dataset = read_dataset(jsonl(GOOD) + bad + b"{\n" * 150)
    page = page_of(signed_in, dataset)
    assert "151 problems found" in page
    assert "Unknown roles" in page
    assert "<code>messages[1].role</code>" in page
    assert "&lt;b&gt;" in page
    assert "The first 100 of 150 are shown." in page
    assert "Train without these 151 rows" in page
    assert "configure" not in page


def test_warnings_that_say_the_same_are_one_entry_below_charts_and_preview(signed_in, read_dataset):
    rows = [{"messages": chat((f"Question {number}", f"Write {number} to desk@shop.test"))} for number in range(33)]
    other = {"messages": chat(("And the other one?", "Write to till@shop.test"))}
    dataset = read_dataset(jsonl([*rows, other]))
    page = page_of(signed_in, dataset)
    assert dataset.problem_counts["email"] == 34
    assert page.count("desk@shop.test looks like") == 1
    assert "33 rows" in page
    assert "Lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 21 more" in page
    assert "till@shop.test looks like" in page
    assert "Write 32 to" in page
    assert page.index('class="histogram"') < page.index('id="preview"') < page.index('id="warnings"')


def test_going_on_without_the_bad_rows_lists_and_counts_them(signed_in, read_dataset):
    dataset = read_dataset(jsonl(GOOD) + b"{\n")
    answer = signed_in.post(f"/datasets/{dataset.pk}/go-on", follow=True)
    page = answer.content.decode()
    assert "1 row left out" in page
    assert f"/training/configure?datasetId={dataset.pk}" in page
    listed = b"".join(signed_in.get(f"/datasets/{dataset.pk}/left-out.csv").streaming_content)
    assert listed == b"line,kind\n9,row_json\n"


def test_problems_are_downloaded_as_a_csv_that_no_spreadsheet_runs(signed_in, make_dataset):
    problem = {"severity": "error", "kind": "formula", "line": 2, "field": "prompt", "reason": "x", "excerpt": "=A1"}
    dataset = make_dataset(error_report=[problem], problem_counts={"formula": 1})
    answer = signed_in.get(f"/datasets/{dataset.pk}/problems.csv")
    assert b"".join(answer.streaming_content).decode().splitlines() == [
        "severity,kind,line,field,reason,excerpt",
        "error,formula,2,prompt,x,'=A1",
    ]


def test_the_preview_shows_what_the_model_sees_and_marks_what_is_learned(signed_in, read_dataset):
    dataset = read_dataset(jsonl(GOOD))
    page = page_of(signed_in, dataset)
    assert "&lt;|im_start|&gt;user\nQuestion 0&lt;|im_end|&gt;" in page
    assert '<mark class="trained">Answer &lt;b&gt;0&lt;/b&gt;&lt;|im_end|&gt;</mark>' in page
    assert "Question 3" not in page
    following = signed_in.get(f"/datasets/{dataset.pk}/preview?row=3").content.decode()
    assert "Question 3" in following
    assert "4–6 of 8" in following
    assert "<html" not in following


def test_the_preview_shows_where_the_longest_sequence_ends(signed_in, read_dataset):
    dataset = read_dataset(jsonl(GOOD))
    assert 'class="beyond"' in page_of(signed_in, dataset, "?length=20")
    assert 'class="beyond"' not in page_of(signed_in, dataset, "?length=2000")


def test_lengths_are_told_by_the_models_own_context_where_it_is_shorter(signed_in, api, read_dataset):
    dataset = read_dataset(jsonl([{"messages": chat(("Why? " * 400, "Because."))}]))
    assert '<option value="1024" selected>' in page_of(signed_in, dataset)
    assert "1 conversation</strong> is longer" in page_of(signed_in, dataset)
    shown = api.get(f"/api/datasets/{dataset.pk}/preview").json()["data"]
    assert shown["sequence_length"] == 1024
    assert "the model reads 1,024 at most" in dataset.error_report[0]["reason"]


def test_the_histogram_says_what_a_longest_sequence_loses(signed_in, make_dataset):
    counted = Lengths()
    counted.add([100] * 98 + [4096, 8192])
    dataset = make_dataset(length_histogram=counted.histogram(), longest_tokens=8192)
    page = page_of(signed_in, dataset, "?length=2048")
    assert page.count("<rect") > 10
    assert 'class="cut"' in page
    assert "tokens per conversation" in page
    assert ">conversations</text>" in page
    assert ">80</text>" in page
    assert (
        "<strong>2 conversations</strong> are longer; <strong>37.1 %</strong> of all tokens (8,192) are beyond" in page
    )
    assert "every conversation fits whole" in page_of(signed_in, dataset, "?length=8192")


@pytest.mark.parametrize("query", ["?length=0", "?length=x", "?row=-1", "?row=99999999999999999999"])
def test_nonsense_in_the_address_is_no_harm(signed_in, read_dataset, query):
    assert signed_in.get(f"/datasets/{read_dataset(jsonl(GOOD)).pk}{query}").status_code == 200


def test_columns_are_mapped_on_the_page(signed_in, read_dataset):
    dataset = read_dataset(jsonl([{"frage": "Hello", "antwort": "Hi"}]))
    page = page_of(signed_in, dataset)
    assert "No format fits the columns found: frage, antwort." in page
    assert '<option value="antwort">' in page
    values = {"format": "prompt_completion", "column_prompt": "frage", "column_completion": "antwort"}
    signed_in.post(f"/datasets/{dataset.pk}/read", values)
    tasks.validate_dataset(str(dataset.pk))
    dataset.refresh_from_db()
    assert (dataset.status, dataset.format) == ("ready", "prompt_completion")
    assert signed_in.post(f"/datasets/{dataset.pk}/read", values | {"column_prompt": "x"}).status_code == 422


def test_reading_a_ready_file_in_another_way_leaves_the_version_that_jobs_have(signed_in, read_dataset):
    dataset = read_dataset(jsonl(GOOD))
    signed_in.post(f"/datasets/{dataset.pk}/read", {"format": "openai_chat", "tool_calls": "ignore"})
    dataset.refresh_from_db()
    assert (dataset.version.number, dataset.status) == (2, "uploaded")
    first, second = dataset.versions.order_by("number")
    assert (first.file.name, first.sha256) == (second.file.name, second.sha256)
    assert first.options["tool_calls"] == "train"


def test_what_is_held_out_can_be_chosen(signed_in, dataset, make_dataset, other_user):
    other = make_dataset(name="Held-out chats")
    theirs = make_dataset(user=other_user)
    url = f"/datasets/{dataset.pk}/split"
    signed_in.post(url, {"evaluation_percent": "20", "split_seed": "7"})
    dataset.refresh_from_db()
    assert (dataset.evaluation_share, dataset.split_seed) == (0.2, 7)
    assert "About 200 of 1,000 pairs" in page_of(signed_in, dataset)
    signed_in.post(url, {"split_seed": "7", "evaluation_dataset": other.pk})
    assert "Jobs are evaluated on “Held-out chats”" in page_of(signed_in, dataset)
    assert signed_in.post(url, {"split_seed": "7", "evaluation_dataset": theirs.pk}).status_code == 422
    assert signed_in.post(url, {"evaluation_percent": "90", "split_seed": "7"}).status_code == 422


def test_a_dataset_is_renamed(signed_in, dataset):
    assert signed_in.post(f"/datasets/{dataset.pk}/manage", {"name": "New"})["Location"] == f"/datasets/{dataset.pk}"
    assert Dataset.objects.get().name == "New"
    assert signed_in.post(f"/datasets/{dataset.pk}/manage", {"name": ""}).status_code == 422


def test_a_dataset_is_deleted_with_its_files(signed_in, read_dataset, django_capture_on_commit_callbacks):
    dataset = read_dataset(jsonl(GOOD))
    version = dataset.version
    files = [version.file, version.left_out, version.caches.get().file]
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in.post(f"/datasets/{dataset.pk}/delete")
    assert answer["Location"] == "/datasets"
    assert signed_in.get(f"/datasets/{dataset.pk}").status_code == 404
    assert "Chats" not in signed_in.get("/datasets").content.decode().split("<main")[1].split("toasts")[0]
    assert not any(file.storage.exists(file.name) for file in files)


@pytest.mark.parametrize("status", ["queued", "completed"])
def test_a_dataset_that_a_job_needs_is_not_deleted_and_says_why(signed_in, user, dataset, status):
    over = timezone.now() if status == "completed" else None
    job = TrainingJob.objects.create(
        user=user, dataset=dataset, dataset_version=dataset.version, base_model=BaseModel.objects.get(is_default=True),
        preset_id="fast", gpu_config={"type": "H100", "count": 1}, hyperparameters={}, total_epochs=1, total_steps=10,
        hourly_rate=1, estimated_total_cost=1, status=status, finished_at=over, queued_at=timezone.now() - timedelta(1),
    )  # fmt: skip
    answer = signed_in.post(f"/datasets/{dataset.pk}/delete")
    if status == "queued":
        assert answer.status_code == 409
        assert f"A training job needs it: {str(job.pk)[:8]} (queued)." in answer.content.decode()
        assert signed_in.get(f"/datasets/{dataset.pk}").status_code == 200
    else:
        assert answer.status_code == 302
        job.refresh_from_db()
        assert (job.dataset.name, job.dataset_version.sha256) == ("Support chats", "0" * 64)


def test_the_file_can_be_downloaded_as_it_was(signed_in, dataset):
    answer = signed_in.get(f"/datasets/{dataset.pk}/download")
    assert b"".join(answer.streaming_content) == b'{"x": 1}\n'
    assert answer["Content-Disposition"] == 'attachment; filename="chats.jsonl"'
    dataset.version.file.storage.delete(dataset.version.file.name)
    assert signed_in.get(f"/datasets/{dataset.pk}/download").status_code == 404


GETS = ["", "/status", "/download", "/preview", "/upload", "/manage", "/problems.csv", "/left-out.csv"]
POSTS = ["/upload", "/go-on", "/cancel", "/validate", "/read", "/split", "/manage", "/delete"]


@pytest.mark.parametrize(("method", "page"), [("get", page) for page in GETS] + [("post", page) for page in POSTS])
def test_another_users_dataset_looks_like_none(signed_in, make_dataset, other_user, method, page):
    theirs = make_dataset(user=other_user)
    file = {"file": SimpleUploadedFile("d.jsonl", jsonl(GOOD))}
    for pk in (theirs.pk, uuid.uuid4()):
        assert (
            getattr(signed_in, method)(f"/datasets/{pk}{page}", file if method == "post" else None).status_code == 404
        )


@pytest.mark.parametrize("path", ["/datasets", "/datasets/upload"])
def test_signing_in_is_needed(client, path):
    assert client.get(path)["Location"] == f"/login?next={path}"
