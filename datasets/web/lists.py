"""Lists of data sets and of what belongs to one, in answers: for the API's description."""

from typing import Any

from rest_framework import serializers

from datasets.web.serializers import DatasetSerializer, VersionSerializer
from datasets.web.shapes import ProblemSerializer, problem_counts
from pipeline.schema.pages import PaginationSerializer


class DatasetListSerializer(serializers.Serializer[Any]):
    """A page of data sets, the newest first."""

    datasets = DatasetSerializer(many=True)
    pagination = PaginationSerializer()


class VersionListSerializer(serializers.Serializer[Any]):
    """A page of versions, the newest first."""

    versions = VersionSerializer(many=True)
    pagination = PaginationSerializer()


class ProblemListSerializer(serializers.Serializer[Any]):
    """All problems counted, and a page of those that are listed."""

    error_count = serializers.IntegerField()
    warning_count = serializers.IntegerField()
    left_out_count = serializers.IntegerField(help_text="Bad rows that are left out.")
    counts = problem_counts()
    errors = ProblemSerializer(many=True)  # type: ignore[assignment]
    pagination = PaginationSerializer()
