"""A job's history and files, on its page."""

from training.admin.base import ReadOnlyInline
from training.models import Artifact, JobEvent


class EventInline(ReadOnlyInline):
    model = JobEvent
    fields = readonly_fields = (
        "created_at", "actor", "from_status", "to_status", "attempt", "seconds_before", "reason",
    )  # fmt: skip


class ArtifactInline(ReadOnlyInline):
    model = Artifact
    fields = readonly_fields = ("kind", "file_name", "size", "sha256", "created_at")
