"""Looking at a file is confined as reading it is, and a file that kills its worker is given up."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from datasets import services, tasks, validation
from datasets.models import Dataset

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tokenizer_of_the_tiny_model")]


def upload(user, data, name):
    return services.dataset_upload(user=user, name="d", file=ContentFile(data, name=name))


def bomb(tmp_path):
    """A small file whose first rows, unpacked, take gigabytes."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 64, pa.int32()), pa.array(["x" * 48 * 1024**2]))
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"text": column}), path, compression="zstd")
    return path.read_bytes()


def test_a_file_that_bursts_when_looked_at_is_told_and_the_worker_lives(user, tmp_path):
    data = bomb(tmp_path)
    assert len(data) < 1024**2
    dataset = upload(user, data, "bomb.parquet")
    tasks.validate_dataset(str(dataset.pk))
    dataset.refresh_from_db()
    assert dataset.status == "error"
    (problem,) = dataset.error_report
    assert problem["kind"] in ("too_much", "unreadable", "broken_parquet")


@pytest.mark.parametrize(
    ("data", "kind"), [(b"PK\x03\x04...", "wrong_type"), (b"", "empty_file"), (b'{"a": 1}\n', "unknown_columns")]
)
def test_what_is_no_data_set_is_said_as_before(user, data, kind):
    dataset = upload(user, data, "d.jsonl")
    tasks.validate_dataset(str(dataset.pk))
    dataset.refresh_from_db()
    assert [problem["kind"] for problem in dataset.error_report] == [kind]


def test_a_file_that_its_worker_died_of_three_times_is_given_up(user):
    dataset = upload(user, b'{"text": "x"}\n', "d.jsonl")
    for _ in range(validation.MOST_TRIES):
        assert validation._claim(dataset.pk)  # and dies
        Dataset.objects.update(heartbeat_at=timezone.now() - 2 * validation.SILENCE)
    assert Dataset.objects.awaiting_validation(timedelta(0), validation.SILENCE).exists()
    tasks.validate_dataset(str(dataset.pk))
    dataset.refresh_from_db()
    assert dataset.status == "error"
    assert "died 3 times" in dataset.error_report[0]["reason"]
    assert not Dataset.objects.awaiting_validation(timedelta(0), validation.SILENCE).exists()


def test_asking_again_gives_it_as_many_tries_again(user):
    dataset = upload(user, b'{"text": "x"}\n', "d.jsonl")
    Dataset.objects.update(tries=validation.MOST_TRIES + 1, status="error")
    assert services.dataset_validate_again(dataset)
    tasks.validate_dataset(str(dataset.pk))
    dataset.refresh_from_db()
    assert dataset.status == "ready"
