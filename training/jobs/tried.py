"""The models that a user can ask: base models, and what their own ended jobs have made of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef

from pipeline.base_models import Place
from training.core import status
from training.models import Artifact, BaseModel, TrainingJob
from training.models.querysets import LONG_OF_DATASET, TrainingJobQuerySet

MOST_LISTED = 1_000
"""Adapters. Older ones can be asked all the same."""


@dataclass(frozen=True)
class Model:
    """A base model; or with it the job whose adapter is on it."""

    base: BaseModel
    job: TrainingJob | None = None

    @property
    def name(self) -> str:
        """``<base>``, or ``<base>:<job id>``."""
        return f"{self.base.name}:{self.job.pk}" if self.job else self.base.name

    @property
    def place(self) -> Place:
        """Where the base model lies; of an adapter, at the revision that it was trained on."""
        return self.job.place if self.job else self.base.place


def with_adapter(user: AbstractBaseUser | AnonymousUser) -> TrainingJobQuerySet:
    """The user's ended jobs that have made an adapter, the newest first."""
    made = Exists(Artifact.objects.filter(job=OuterRef("pk")))
    ended = TrainingJob.objects.visible_to(user).filter(made, status__in=status.FINAL)
    rows: TrainingJobQuerySet = ended.select_related("dataset", "base_model").defer(*LONG_OF_DATASET)
    return rows.order_by("-created_at", "-id")


def models_of(user: AbstractBaseUser | AnonymousUser) -> Iterator[Model]:
    """Base models on offer, then adapters."""
    yield from (Model(base) for base in BaseModel.objects.filter(is_active=True))
    yield from (Model(job.base_model, job) for job in with_adapter(user)[:MOST_LISTED])


def model_by_name(name: str, user: AbstractBaseUser | AnonymousUser) -> Model | None:
    """A base model, also one that is not on offer any more; or an adapter of the user's own."""
    base_name, _, job_id = name.rpartition(":")
    try:
        pk = UUID(job_id)
    except ValueError:
        base = BaseModel.objects.filter(name=name).first()
        return Model(base) if base else None
    job = with_adapter(user).filter(pk=pk, base_model__name=base_name).first()
    return Model(job.base_model, job) if job else None
