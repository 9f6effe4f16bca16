"""A job's history and files, on its page."""

from training.admin.base import SHOWN, ReadOnlyInline
from training.models import Artifact, JobEvent


class EventInline(ReadOnlyInline):
    model = JobEvent
    ordering = ("-created_at", "-id")
    verbose_name_plural = f"job events, the newest {SHOWN}"
    fields = readonly_fields = (
        "created_at", "actor", "from_status", "to_status", "attempt", "seconds_before", "reason",
    )  # fmt: skip


class ArtifactInline(ReadOnlyInline):
    model = Artifact
    fields = readonly_fields = ("kind", "file_name", "size", "sha256", "created_at")
