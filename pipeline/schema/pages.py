"""Which part of a list an answer holds."""

from typing import Any

from rest_framework import serializers


class PaginationSerializer(serializers.Serializer[Any]):
    """Which page it is, how many there are, and what stands beside it. By cursor, nothing is counted."""

    page = serializers.IntegerField(min_value=1, allow_null=True)
    limit = serializers.IntegerField(min_value=1)
    total = serializers.IntegerField(min_value=0, allow_null=True)
    totalPages = serializers.IntegerField(min_value=0, allow_null=True)  # noqa: N815 - as the specification has it
    next = serializers.CharField(allow_null=True, help_text="The `cursor` of what comes after; null at the end.")
    previous = serializers.CharField(allow_null=True, help_text="The `cursor` of what comes before.")
