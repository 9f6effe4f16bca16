"""Every order of claim, heartbeat, sweep, cancel, retry and end, on a real database: the promises hold in all of them.

Two workers act on their own, possibly outdated, view of a job; people and the sweep interfere. After each action the
job's row, its history and what each worker was told must agree.
"""

from datetime import timedelta
from itertools import pairwise

from django.contrib.auth import get_user_model
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from datasets.models import Dataset
from tests.conftest import seed
from tests.training.conftest import adapter, claim
from training.core import status
from training.core.presets import PRESETS
from training.jobs import lifecycle, recovery
from training.jobs.start import JobRequest, job_submit
from training.models import Artifact, GpuType, TrainingJob

SILENCE = timedelta(seconds=60)
WORKERS = st.sampled_from(["w1", "w2"])


class JobMachine(RuleBasedStateMachine):
    @initialize()
    def create(self):
        seed()
        self.user, _ = get_user_model().objects.get_or_create(username="ada")
        dataset = Dataset.objects.create(
            user=self.user, name="D", status="ready", training_ready=True, total_training_pairs=100
        )  # fmt: skip
        request = JobRequest(
            dataset=dataset, preset_id="fast", gpu_type=GpuType.objects.get(name="H100"), gpu_count=1,
            hyperparameters=PRESETS["fast"].hyperparameters,
        )  # fmt: skip
        self.job = job_submit(request, user=self.user)
        self.views = {"w1": None, "w2": None}

    def row(self):
        return TrainingJob.objects.get(pk=self.job.pk)

    def owner(self):
        row = self.row()
        return row.worker if row.status in status.CLAIMED else None

    def is_current(self, worker):
        view, row = self.views[worker], self.row()
        return view is not None and row.status in status.CLAIMED and row.attempt == view.attempt

    def act(self, worker, move):
        """A worker's write: done exactly when the job is still its own."""
        expected = self.is_current(worker)
        assert move(self.views[worker]) is expected

    @rule(worker=WORKERS)
    def claims(self, worker):
        was_free = self.row().status == status.QUEUED and self.is_available()
        claimed = claim(self.job, worker)
        assert (claimed is not None) is was_free
        if claimed:
            self.views[worker] = claimed

    def is_available(self):
        return TrainingJob.objects.available().filter(pk=self.job.pk).exists()

    @rule()
    def time_passes(self):
        hour = timedelta(hours=1)
        TrainingJob.objects.update(available_at=F("available_at") - hour)

    @rule(worker=WORKERS)
    @precondition(lambda self: any(self.views.values()))
    def beats(self, worker):
        if view := self.views[worker]:
            expected = self.is_current(worker)
            step = self.row().current_step
            assert lifecycle.record(view, metrics=[], current_step=min(step + 1, 13)) is expected
            assert self.row().current_step == (min(step + 1, 13) if expected else step)

    @rule(worker=WORKERS)
    def runs(self, worker):
        if self.views[worker] and not (self.is_current(worker) and self.row().status == status.RUNNING):
            self.act(worker, lambda view: lifecycle.start_running(view, device="cpu", device_name="CPU"))

    @rule(worker=WORKERS)
    def completes(self, worker):
        if self.views[worker] and not (self.is_current(worker) and self.row().status == status.INITIALIZING):
            self.act(worker, lambda view: lifecycle.complete(view, reason="done", artifact=adapter(self.job)))

    @rule(worker=WORKERS, code=st.sampled_from(["crashed", "diverged"]))
    def ends_badly(self, worker, code):
        if self.views[worker]:
            self.act(worker, lambda view: recovery.end_badly(view, code=code, message="It broke."))

    @rule(worker=WORKERS)
    def shuts_down(self, worker):
        if self.views[worker]:
            self.act(worker, lambda view: lifecycle.release(view, actor=worker, reason="stopping"))

    @rule(worker=WORKERS)
    def stops_as_asked(self, worker):
        if self.views[worker] and lifecycle.cancel_requested(self.views[worker]):
            partial = adapter(self.job, Artifact.Kind.PARTIAL)
            self.act(worker, lambda view: lifecycle.cancelled(view, reason="asked", artifact=partial))

    @rule()
    def falls_silent_and_is_swept(self):
        TrainingJob.objects.claimed().update(heartbeat_at=F("heartbeat_at") - 2 * SILENCE)
        before = self.row()
        for job in TrainingJob.objects.stalled(SILENCE):
            recovery.recover(job, silence=SILENCE, actor="sweep")
        assert (self.row().status != before.status) is (before.status in status.CLAIMED)

    @rule()
    def is_cancelled(self):
        was_active = self.row().is_active
        assert lifecycle.request_cancel(self.row(), actor=self.user) is was_active

    @rule()
    def is_taken_away(self):
        was_claimed = self.row().status in status.CLAIMED
        assert lifecycle.take_away(self.row(), actor="admin", delay=45) is was_claimed

    @rule()
    def is_retried(self):
        can_be = self.row().status in (status.FAILED, status.CANCELLED)
        assert lifecycle.retry(self.row(), actor=self.user) is can_be

    @invariant()
    def row_and_history_agree(self):
        row, events = self.row(), list(self.job.events.order_by("id"))
        assert events[-1].to_status == row.status
        assert events[-1].attempt == row.attempt
        for before, after in pairwise(events):
            assert after.from_status == before.to_status
            is_note = after.to_status == after.from_status
            is_claim = after.to_status == status.INITIALIZING and not is_note
            assert is_note or after.to_status in status.TRANSITIONS[after.from_status]
            assert after.attempt - before.attempt == is_claim
        assert (row.finished_at is not None) is (row.status in status.FINAL)
        assert row.crashes <= 3

    @invariant()
    def at_most_one_worker_has_it(self):
        current = [worker for worker in self.views if self.is_current(worker)]
        assert len(current) <= 1
        assert current == ([self.owner()] if self.owner() else [])

    @invariant()
    def what_was_made_is_kept(self):
        kinds = [artifact.kind for artifact in self.job.artifacts.all()]
        assert len(kinds) == len(set(kinds))
        if self.row().status == status.COMPLETED:
            assert kinds == [Artifact.Kind.ADAPTER]


class TestJobMachine(TestCase, JobMachine.TestCase):
    settings = settings(
        max_examples=50,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
