"""A request that is repeated under its key is carried out once and answered alike, for 24 hours."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction

from training.models import IdempotencyKey, TrainingJob

Answer = dict[str, Any]


class KeyReused(Exception):
    """The key belongs to a request that asked for something else."""


def once(
    key: str, *, user: AbstractBaseUser, asked: object, create: Callable[[], tuple[TrainingJob, Answer]]
) -> tuple[TrainingJob | None, Answer, bool]:
    """The job and the answer of the first request with this key, and whether this one only repeated it.

    The job is ``None`` where it was deleted since.

    ``asked`` is what the request asks for, as JSON would hold it; ``create`` makes the job. Of requests at the same
    time one creates, in one transaction with the key; the others wait for it. Without a key, every request creates.
    Raises KeyReused, and whatever ``create`` raises: then nothing is kept, and the key is free.
    """
    if not key:
        return *create(), False
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()
    keys = IdempotencyKey.objects.filter(user_id=user.pk, key=key)
    keys.expired().delete()
    if found := keys.select_related("job").first():
        return *_repeat(found, digest), True
    try:
        with transaction.atomic():
            job, answer = create()
            IdempotencyKey.objects.create(user_id=user.pk, key=key, digest=digest, job=job, answer=answer)
    except IntegrityError:
        found = keys.select_related("job").first()
        if found is None:
            raise
        return *_repeat(found, digest), True
    return job, answer, False


def _repeat(found: IdempotencyKey, digest: str) -> tuple[TrainingJob | None, Answer]:
    if found.digest != digest:
        raise KeyReused("This Idempotency-Key was used for a different request. Use a new key for a new job.")
    return found.job, found.answer
