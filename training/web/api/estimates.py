"""What a run would cost."""

from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.models import Dataset
from datasets.web.api.access import required
from pipeline.accounts.throttling import ESTIMATE
from pipeline.api import Problem, success
from training.estimates.catalogue import Catalogue, catalogue
from training.estimates.estimator import Estimator
from training.estimates.quote import quote
from training.estimates.run_settings import RunSettings
from training.jobs import start
from training.models import BaseModel
from training.web.answers import quote_data
from training.web.api import described
from training.web.data_fits import checked_data
from training.web.requests import EstimateRequestSerializer


class EstimateView(APIView):
    """What a run would cost, on the chosen hardware and on every other."""

    throttle_scopes = {"POST": ESTIMATE}

    @described.estimated
    def post(self, request: Request) -> Response:
        """Starts nothing but the check of the data set for the base model."""
        known = catalogue()
        serializer = EstimateRequestSerializer(data=request.data, context={"catalogue": known})
        serializer.is_valid(raise_exception=True)
        asked, run = serializer.validated_data, serializer.run
        gpu_type, gpu_count = run.pop("gpu_type"), run.pop("gpu_count")
        run["base_model"] = run["base_model"] or _default_base_model(known)
        dataset = required(Dataset.with_figures(asked["dataset_id"], request.user))
        settings = RunSettings(dataset=dataset, **run)
        checked = checked_data(settings)
        found = quote(
            Estimator(settings, None if asked["alternatives"] else [gpu_type], known=known),
            gpu_type,
            gpu_count,
            with_alternatives=asked["alternatives"],
            within_hours=asked.get("within_hours"),
        )
        return success(quote_data(found, checked))


def _default_base_model(known: Catalogue) -> BaseModel:
    try:
        return start.default_base_model(known)
    except start.NoBaseModel as error:
        raise Problem("Failed to estimate cost", str(error), status=http.HTTP_409_CONFLICT) from error
