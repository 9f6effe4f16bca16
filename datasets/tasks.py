"""Celery tasks, thin: messages are nudges, the database says what is to be done."""

from uuid import UUID

from celery import shared_task

from datasets import cleanup, nudges, validation


@shared_task
def validate_dataset(dataset_id: str) -> None:
    """Read a data set that waits for it."""
    validation.validate(UUID(dataset_id))


@shared_task
def prune() -> None:
    """Remove what nobody needs any more from disk."""
    cleanup.prune()


@shared_task
def sweep() -> None:
    """Send again what was lost: uploads nobody validates, and validations whose worker fell silent."""
    nudges.sweep(validation.SILENCE)
