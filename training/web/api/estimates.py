"""What a run would cost."""

from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.web.api.access import visible_dataset
from pipeline.api import Problem, success
from training.estimates.estimator import Estimator
from training.estimates.quote import quote
from training.estimates.run_settings import RunSettings
from training.jobs import start
from training.models import BaseModel
from training.web.answers import quote_data
from training.web.data_fits import checked_data
from training.web.requests import EstimateRequestSerializer


class EstimateView(APIView):
    """What a run would cost, on the chosen hardware and on every other."""

    def post(self, request: Request) -> Response:
        """Starts nothing but the check of the data set for the base model."""
        serializer = EstimateRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked, run = serializer.validated_data, serializer.run
        gpu_type, gpu_count = run.pop("gpu_type"), run.pop("gpu_count")
        run["base_model"] = run["base_model"] or _default_base_model()
        settings = RunSettings(dataset=visible_dataset(request, asked["dataset_id"]), **run)
        checked = checked_data(settings)
        found = quote(
            Estimator(settings, None if asked["alternatives"] else [gpu_type]),
            gpu_type,
            gpu_count,
            with_alternatives=asked["alternatives"],
            within_hours=asked.get("within_hours"),
        )
        return success(quote_data(found, checked))


def _default_base_model() -> BaseModel:
    try:
        return start.default_base_model()
    except start.NoBaseModel as error:
        raise Problem("Failed to estimate cost", str(error), status=http.HTTP_409_CONFLICT) from error
