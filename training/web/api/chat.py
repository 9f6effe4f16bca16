"""``/v1``: base models and adapters by OpenAI's API, in its shapes, so that its clients work unchanged."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pipeline.api import exception_handler
from pipeline.base_models import ModelNotFound
from pipeline.http import api_user
from pipeline.serving.streams import Stream
from training.checks import OFF
from training.core.api_error import ApiError
from training.inference import chat
from training.inference.adapters import AdapterUnusable, folder_of
from training.inference.server import Served
from training.jobs import tried

NOT_SERVED = (
    "Adapters cannot be tried on this site. Whoever keeps it can change that: PIPELINE_INFERENCE_DEVICE or "
    "PIPELINE_INFERENCE_URL."
)
NO_MODEL = "“model” must be the name of a model: <base>, or <base>:<job id>. GET /v1/models lists them."


class OpenAIView(APIView):
    """A view whose refusals have OpenAI's shape, too. OpenAI describes it, our own document does not."""

    schema = None

    def get_exception_handler(self) -> Any:
        return _refusal


class ModelsView(OpenAIView):
    """What can be asked."""

    def get(self, request: Request) -> Response:
        """Base models, and the adapters of one's own ended jobs, the newest first."""
        return Response({"object": "list", "data": [_entry(model) for model in tried.models_of(api_user(request))]})


class ChatView(OpenAIView):
    """Answers, token by token or whole."""

    def post(self, request: Request) -> Stream:
        """The answer is the server's own: what it does not take, it refuses."""
        body = request.data
        if not isinstance(body, dict) or not isinstance(body.get("model"), str):
            raise ApiError(NO_MODEL, status=HTTPStatus.BAD_REQUEST, param="model")
        if settings.INFERENCE_DEVICE == OFF and not settings.INFERENCE_URL:
            raise ApiError(NOT_SERVED, status=HTTPStatus.SERVICE_UNAVAILABLE, code="server_unavailable")
        asked = _asked(request, body)
        return Stream(lambda: chat.answer(asked))


def _asked(request: Request, body: dict[str, Any]) -> chat.Asked:
    """Raises ApiError."""
    model = tried.model_by_name(body["model"], api_user(request))
    if model is None:
        message = f"The model “{body['model'][:200]}” does not exist, or is not yours. GET /v1/models lists them."
        raise ApiError(message, status=HTTPStatus.NOT_FOUND, param="model", code="model_not_found")
    try:
        place = model.place
        served = Served(model.base.name, place.location, "" if place.folder else place.revision)
        folder = folder_of(model.job.adapter) if model.job else None
    except (ModelNotFound, AdapterUnusable) as error:
        raise ApiError(str(error), status=HTTPStatus.CONFLICT, param="model", code="model_unusable") from error
    return chat.Asked(body, served, folder)


def _entry(model: tried.Model) -> dict[str, Any]:
    about = {"id": model.name, "object": "model", "owned_by": "pipeline"}
    if model.job is None:
        return about | {"created": 0, "parent": None}
    return about | {"created": int(model.job.created_at.timestamp()), "parent": model.base.name}


def _refusal(error: Exception, context: dict[str, Any]) -> Response:
    if isinstance(error, ApiError):
        return Response(error.body, status=error.status)
    answer = exception_handler(error, context)
    said, details = answer.data["error"], answer.data["details"]
    message = f"{said}: {details}" if details else str(said)
    param = next(iter(details), None) if isinstance(details, dict) else None
    answer.data = ApiError(message, status=HTTPStatus(answer.status_code), param=param).body
    return answer
