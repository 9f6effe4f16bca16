"""What is answered where nothing is, or something broke: a page, or the API's failure."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from structlog.contextvars import get_contextvars


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"error": "There is nothing at this address.", "details": None}, status=404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        message = "Something went wrong on our side. It has been logged; please try again."
        return JsonResponse({"error": message, "details": None}, status=500)
    context = {"request_id": get_contextvars().get("request_id")}
    return render(None, "500.html", context, status=500)  # without the request: no query while all may be down
