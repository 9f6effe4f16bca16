"""One version of a data set's file, which never changes, and the caches of its tokens."""

import uuid
from datetime import UTC, date
from pathlib import PurePosixPath

from django.db import models


def upload_path(version: "DatasetVersion", filename: str) -> str:
    """Where a file is stored: by id, so that no name of a user reaches the file system."""
    suffix = "".join(PurePosixPath(filename.lower()).suffixes[-2:])[-16:]
    return f"datasets/{version.pk}{suffix if suffix.replace('.', '').isalnum() else ''}"


def left_out_path(version: "DatasetVersion", _: str) -> str:
    return f"datasets/{version.pk}-left-out.csv"


def cache_path(cache: "TokenCache", _: str) -> str:
    return f"datasets/{cache.version_id}-{cache.fingerprint[:16]}.arrow"


def cache_left_out_path(cache: "TokenCache", _: str) -> str:
    return f"datasets/{cache.version_id}-{cache.fingerprint[:16]}-left-out.csv"


class DatasetVersion(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey("datasets.Dataset", on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    file = models.FileField(upload_to=upload_path, max_length=200)
    file_name = models.CharField(max_length=255, help_text="The name the file had when it was uploaded.")
    file_size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file as it was uploaded.")
    options = models.JSONField(default=dict, blank=True, help_text="How it was read: container, shape, columns.")
    columns = models.JSONField(default=list, blank=True, help_text="The columns that its rows have.")
    total_conversations = models.PositiveBigIntegerField(null=True, blank=True)
    total_training_pairs = models.PositiveBigIntegerField(null=True, blank=True)
    total_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    left_out = models.FileField(
        upload_to=left_out_path, max_length=200, blank=True, help_text="Lines of the rows that are not trained on."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "lora_dataset_versions"
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["sha256"], name="dataset_version_by_sha256"),
            models.Index(fields=["file"], name="dataset_version_by_file"),
        ]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_number")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.dataset_id}"

    @property
    def rendered_on(self) -> date:
        """The day that templates are told which ask for it: always the same, so that tokens are."""
        return self.created_at.astimezone(UTC).date()


class TokenCache(models.Model):
    """A version's rows as tokens of one tokenizer with its chat template."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="caches")
    fingerprint = models.CharField(max_length=64, help_text="Of the tokenizer with its chat template.")
    tokenizer = models.CharField(max_length=200, help_text="The name of the model whose tokenizer it is.")
    file = models.FileField(upload_to=cache_path, max_length=200)
    left_out = models.FileField(
        upload_to=cache_left_out_path, max_length=200, blank=True, help_text="Lines of the rows that it lacks."
    )
    findings = models.JSONField(default=dict, blank=True, help_text="What the pass that made it has found.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "lora_dataset_token_caches"
        constraints = [models.UniqueConstraint(fields=["version", "fingerprint"], name="token_cache_once")]

    def __str__(self) -> str:
        return f"{self.version_id} for {self.tokenizer}"
