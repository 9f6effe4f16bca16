"""One data set: shown, changed, deleted."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets import services
from datasets.models import Dataset
from datasets.web.api import described
from datasets.web.api.access import conflict, visible_dataset
from datasets.web.requests import DatasetChangeSerializer
from datasets.web.serializers import DatasetDetailSerializer
from pipeline.api import success

READING = ("format", "mapping", "tool_calls", "merge_turns", "fold_system")
"""What has the rows read again when it is changed."""


class DatasetView(APIView):
    @described.read
    def get(self, request: Request, pk: UUID) -> Response:
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)

    @described.changed
    def patch(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        others = Dataset.objects.visible_to(request.user).filter(training_ready=True).exclude(pk=pk)
        serializer = DatasetChangeSerializer(data=request.data, others=others)
        serializer.is_valid(raise_exception=True)
        asked = dict(serializer.validated_data)
        reading = {name: asked.pop(name) for name in READING if name in asked}
        if reading:
            try:
                services.dataset_read_again(
                    dataset=dataset,
                    shape=shape_of(reading["format"]) if "format" in reading else dataset.chosen_shape,
                    mapping=reading.get("mapping", dataset.mapping),
                    tool_calls=reading.get("tool_calls", dataset.tool_calls),
                    merge_turns=reading.get("merge_turns"),
                    fold_system=reading.get("fold_system"),
                )
            except services.DatasetBusy as error:
                raise conflict(error) from error
        services.dataset_change(visible_dataset(request, pk), asked)
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)

    @described.deleted
    def delete(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        try:
            services.dataset_delete(dataset)
        except services.DatasetNeeded as error:
            raise conflict("The dataset is still needed", str(error)) from error
        return success({"id": str(pk), "deleted": True})


def shape_of(format_: str) -> str:
    """A chosen shape; nothing where it is to be detected."""
    return "" if format_ == "auto" else format_
