"""The API's description: of every address, the same at the server and in docs/, to be read without signing in."""

import json
import re

import pytest
import yaml
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.openapi.documented import DOCUMENT, operations, read

UNDESCRIBED = {"/api/schema", "/api/docs"}
"""The description itself."""


def routes(patterns=None, prefix="/"):
    for pattern in patterns or get_resolver().url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("/api/"):
            yield re.sub(r"<\w+:(\w+)>", lambda found: f"{{{'id' if found[1] == 'pk' else found[1]}}}", path), pattern


def test_every_address_of_the_api_is_described_with_each_method():
    methods = ("get", "post", "put", "patch", "delete")
    there = {
        path: {method for method in methods if hasattr(pattern.callback.view_class, method)}
        for path, pattern in routes()
        if path not in UNDESCRIBED
    }
    assert there == {path: set(of_path) for path, of_path in read()["paths"].items()}


@pytest.mark.parametrize("operation", [one for *_, one in operations()], ids=lambda one: one["operationId"])
def test_an_operation_says_what_it_is_for_and_how_it_fails(operation):
    assert operation["summary"]
    assert operation["tags"]
    assert {"400", "401", "429", "500"} <= set(operation["responses"])
    assert all(
        parameter.get("description") for parameter in operation.get("parameters", []) if parameter["in"] != "query"
    )


def test_success_is_in_one_envelope():
    for *_, operation in operations():
        for status, answer in operation["responses"].items():
            schema = answer.get("content", {}).get("application/json", {}).get("schema")
            if schema and status.startswith("2"):
                assert schema["allOf"][0] == {"$ref": "#/components/schemas/Success"}


@pytest.mark.parametrize(
    ("query", "accept", "content_type", "load"),
    [
        ("", "*/*", "application/yaml", yaml.safe_load),
        ("?format=json", "*/*", "application/json", json.loads),
        ("", "application/json", "application/json", json.loads),
        ("", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json", json.loads),
    ],
)
@pytest.mark.django_db
def test_the_server_gives_the_committed_document_to_anybody(client, query, accept, content_type, load):
    answer = client.get(reverse("schema") + query, headers={"accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert load(answer.content) == read()


@pytest.mark.django_db
def test_its_yaml_is_the_committed_file(client):
    assert client.get(reverse("schema")).content.decode() == DOCUMENT.read_text(), "run make schema"


@pytest.mark.parametrize("query", ["?format=html", "?format=%00", "?format="])
@pytest.mark.django_db
def test_another_format_is_none(client, query):
    assert client.get(reverse("schema") + query).status_code in (200, 400, 404)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.django_db
def test_the_page_to_browse_it_is_of_our_own_files(client, user, signed):
    if signed:
        client.force_login(user)
    page = client.get(reverse("api_docs")).content.decode()
    assert ("Your API tokens" in page) is signed
    assert not re.search(r"<script(?![^>]* src=\"/)|<style|style=|(?:src|href)=\"https?:", page)
