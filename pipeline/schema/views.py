"""The document, and a page to browse and try it with.

Both are for anybody: they say what the program can do, and nothing of what it holds or for whom.
"""

from functools import cache
from typing import Any

from django.http import HttpResponse
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


@cache
def document() -> dict[str, Any]:
    """The whole of it."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


@cache
def rendered(format_: str) -> str | bytes:
    """The document as it is sent, ``yaml`` or ``json``: made once a process, because that takes a second."""
    renderer = OpenApiJsonRenderer() if format_ == "json" else OpenApiYamlRenderer()
    return renderer.render(document(), renderer_context={})


class ByFormat(DefaultContentNegotiation):
    """YAML or JSON: by ``?format=``, else by ``Accept``."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Raises Http404, NotAcceptable."""
        return super().select_renderer(request, renderers, format_suffix or request.query_params.get("format"))


class SchemaView(SpectacularAPIView):
    """OpenAPI, as YAML or as JSON."""

    authentication_classes = []
    content_negotiation_class = ByFormat
    renderer_classes = [OpenApiYamlRenderer2, OpenApiYamlRenderer, OpenApiJsonRenderer2, OpenApiJsonRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same for everybody."""
        renderer = request.accepted_renderer
        return HttpResponse(rendered(renderer.format), content_type=renderer.media_type)


class DocsView(TemplateView):
    """Swagger UI from our own files; who is signed in tries operations out with the session."""

    template_name = "pipeline/api_docs.html"
