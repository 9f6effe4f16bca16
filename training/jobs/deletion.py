"""A job goes with all that it left, but for what is owed to others: what it cost, and what it measured."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from notifications.models import Notification
from training.jobs.actions import JobRefused
from training.models import JobDeletion, TrainingJob
from training.models.deletion import LONGEST_TITLE


def job_delete(*, job: TrainingJob, user: AbstractBaseUser) -> None:
    """Delete a job that is over. Raises JobRefused while it is not.

    Its adapter's file goes once that is committed; its run, on whatever worker has it, with that worker's next look for
    runs without a job. Its measurement stays, nobody's from now on: estimates go on learning from it. So do the answers
    to the requests that made it, which repeated must not make it again.
    """
    with transaction.atomic():
        rows = TrainingJob.objects.select_related("dataset").select_for_update(of=("self",))
        found: TrainingJob | None = rows.filter(pk=job.pk).first()
        if found is None:
            return  # by another request
        if found.is_active:
            raise JobRefused(f"The job is {found.status}: cancel it first, and delete it once it has stopped.")
        JobDeletion.objects.create(
            job_id=found.pk,
            user_id=found.user_id,
            actor=user.get_username(),
            title=found.title[:LONGEST_TITLE],
            status=found.status,
            gpu_config=found.gpu_config,
            cost=found.current_cost,
            job_created_at=found.created_at,
            job_started_at=found.started_at,
            job_finished_at=found.finished_at,
        )
        Notification.objects.filter(user_id=found.user_id, action_url=found.get_absolute_url()).delete()
        found.delete()
