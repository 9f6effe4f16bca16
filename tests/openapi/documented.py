"""A client of the API that holds every answer against its description, docs/openapi.yaml."""

import re
from functools import cache
from pathlib import Path

import jsonschema_rs
import yaml
from rest_framework.test import APIClient

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
OPEN = ("Success", "Failure")
"""Schemas that others complete."""


def read():
    """The document as it is committed."""
    return yaml.load(DOCUMENT.read_text(), yaml.CSafeLoader)


@cache
def document():
    """But that nothing may be in an answer of which it does not speak."""
    found = read()
    for name, schema in found["components"]["schemas"].items():
        if "properties" in schema and name not in OPEN:
            schema.setdefault("additionalProperties", False)
    return found


@cache
def operations():
    """Pattern of the address, method, operation."""
    return [
        (re.compile(re.sub(r"\{\w+\}", "[0-9a-f-]{36}", path)), method.upper(), operation)
        for path, of_path in document()["paths"].items()
        for method, operation in of_path.items()
    ]


def operation_of(method, path):
    """``None``: there is nothing at this address, or not by this method."""
    found = [one for pattern, of_method, one in operations() if of_method == method and pattern.fullmatch(path)]
    return found[-1] if found else None


def described(operation, status):
    """What the document says of an answer, references resolved."""
    answer = operation["responses"].get(str(status))
    assert answer, f"{operation['operationId']} does not say that it answers {status}"
    if "$ref" in answer:
        answer = document()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return answer


@cache
def validator(operation_id, status):
    """Of an answer in JSON."""
    operation = next(one for *_, one in operations() if one["operationId"] == operation_id)
    schema = described(operation, status)["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator(
        {"components": document()["components"], "allOf": [schema], "unevaluatedProperties": False},
        validate_formats=True,
    )


def check(method, path, answer):
    """The answer is one of those that its operation describes."""
    operation = operation_of(method, path)
    if operation is None:
        return
    said = described(operation, answer.status_code)
    content_type = answer.headers["Content-Type"].partition(";")[0]
    assert content_type in said["content"], (operation["operationId"], content_type)
    for name, header in said.get("headers", {}).items():
        assert name in answer.headers or not header.get("required"), (operation["operationId"], name)
    if content_type == "application/json":
        errors = validator(operation["operationId"], answer.status_code).iter_errors(answer.json())
        assert not (found := [f"{error.instance_path}: {error.message}" for error in errors]), found


class DocumentedClient(APIClient):
    def request(self, **request):
        answer = super().request(**request)
        check(request["REQUEST_METHOD"], request["PATH_INFO"], answer)
        return answer
