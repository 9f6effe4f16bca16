"""The list of jobs, in answers: for the API's description."""

from typing import Any

from rest_framework import serializers

from pipeline.schema.pages import PaginationSerializer
from training.web.serializers import JobSerializer, JobWithDatasetSerializer


class JobListSerializer(serializers.Serializer[Any]):
    """A page of jobs, the newest first."""

    jobs = JobWithDatasetSerializer(many=True)
    pagination = PaginationSerializer()


class StartedJobSerializer(JobSerializer):
    """A job that was started just now."""

    quote_differs = serializers.BooleanField(
        required=False, help_text="True where `estimated_cost` was more than a cent off the price that counts."
    )

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "quote_differs"]
