"""What the owner of a data set is told once it has been read."""

from datasets.models import Dataset
from datasets.tokenizing.findings import Findings
from notifications.models import Notification


def notify(dataset: Dataset, findings: Findings) -> None:
    bad = findings.bad_rows + (not findings.is_complete)
    if not bad:
        type_, title, priority = Notification.Type.DATASET_READY, "Dataset Ready", Notification.Priority.LOW
        message = (
            f"“{dataset.name}” is ready: {findings.conversations:,} conversations, {findings.pairs:,} training pairs, "
            f"{findings.tokens:,} tokens"
        )
    else:
        type_, title, priority = (
            Notification.Type.DATASET_ERROR,
            "Dataset Has Errors",
            Notification.Priority.HIGH,
        )
        problems = "1 problem" if bad == 1 else f"{bad:,} problems"
        message = f"“{dataset.name}” cannot be trained on yet: {problems} found"
    Notification.objects.create(
        user_id=dataset.user_id,
        type=type_,
        title=title,
        message=message,
        priority=priority,
        action_url=dataset.get_absolute_url(),
        metadata={"dataset_id": str(dataset.pk), "dataset_name": dataset.name},
    )
