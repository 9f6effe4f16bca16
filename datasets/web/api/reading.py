"""How its file is read: again, without the bad rows, or no longer."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets import services
from datasets.web.api import described
from datasets.web.api.access import conflict, visible_dataset
from datasets.web.serializers import DatasetDetailSerializer
from pipeline.api import success


class ValidateView(APIView):
    @described.validated
    def post(self, request: Request, pk: UUID) -> Response:
        if not services.dataset_validate_again(visible_dataset(request, pk)):
            raise conflict("The dataset is already being validated")
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)


class ContinueView(APIView):
    """Train without the bad rows."""

    @described.continued
    def post(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        if not services.dataset_go_on(dataset):
            details = f"It must have status='error', be read to the end and hold good rows. Current: '{dataset.status}'"
            raise conflict("There is nothing to continue with", details)
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)


class CancelView(APIView):
    @described.cancelled
    def post(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        if not services.dataset_cancel(dataset):
            raise conflict(f"The dataset is not being validated; its status is {dataset.status}")
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)
