"""Which data set a request may see, and how it is told that something cannot be done now."""

from uuid import UUID

from rest_framework import status as http
from rest_framework.request import Request

from datasets.models import Dataset
from pipeline.api import Problem


def visible_dataset(request: Request, pk: UUID) -> Dataset:
    """With its version. Raises Problem."""
    datasets = Dataset.objects.visible_to(request.user).select_related("version")
    return required(datasets.filter(pk=pk).first())


def required(dataset: Dataset | None) -> Dataset:
    """Another user's looks like none. Raises Problem."""
    if dataset is None:
        raise Problem("Dataset not found or access denied", status=http.HTTP_404_NOT_FOUND)
    return dataset


def conflict(error: object, details: object = None) -> Problem:
    return Problem(str(error), details, status=http.HTTP_409_CONFLICT)
