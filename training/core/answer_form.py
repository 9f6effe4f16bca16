"""Whether an answer has the form that was asked for: JSON, JSON of a schema, text of a pattern. Pure.

Schemas and patterns come from people, answers from a model: neither may hold a program up, nor fetch anything.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import regex
from jsonschema import Draft202012Validator, SchemaError, ValidationError, validators
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

PATTERN_SECONDS = 1.0
"""The longest that one search may take."""
LONGEST_PATTERN = 1000
"""Characters."""
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class FormUnusable(ValueError):
    """A schema or a pattern that answers cannot be held against; the message is for whoever wrote it."""


class Undecided(Exception):
    """A search took longer than PATTERN_SECONDS."""


def valid_json(answer: str) -> float:
    """1.0 where the whole answer is one JSON text (RFC 8259), else 0.0: neither fences nor words beside it count."""
    try:
        _read(answer)
    except ValueError:
        return 0.0
    return 1.0


class Pattern:
    """A regular expression, in the syntax of Python's ``re``."""

    def __init__(self, pattern: str) -> None:
        """Raises FormUnusable."""
        if len(pattern) > LONGEST_PATTERN:
            raise FormUnusable(f"The pattern has {len(pattern):,} characters; {LONGEST_PATTERN:,} is the most.")
        try:
            self._pattern = regex.compile(pattern)
        except regex.error as error:
            raise FormUnusable(f"The pattern is no regular expression: {error}.") from error

    def found_in(self, text: str) -> bool:
        """Whether it matches anywhere in the text. Raises Undecided: some patterns take years on some texts."""
        try:
            return self._pattern.search(text, timeout=PATTERN_SECONDS) is not None
        except TimeoutError as error:
            raise Undecided(f"The pattern took longer than {PATTERN_SECONDS:g} s on this answer.") from error


class JsonSchema:
    """A JSON schema (Draft 2020-12, json-schema.org, unless it names another draft), complete in itself.

    ``format`` is not checked. ``patternProperties`` is refused, as its patterns would be searched for without bound.
    """

    def __init__(self, schema: Mapping[str, Any] | bool) -> None:
        """Raises FormUnusable."""
        try:
            draft = validators.validator_for(schema, default=Draft202012Validator)
            draft.check_schema(schema)
            _require_own(schema)
        except (SchemaError, RecursionError) as error:
            reason = error.message if isinstance(error, SchemaError) else "it is nested too deep"
            raise FormUnusable(f"The JSON schema is not valid: {reason}.") from error
        bounded = validators.extend(draft, {"pattern": _pattern})
        self._validator = bounded(schema, registry=Registry())

    def accepts(self, answer: str) -> bool:
        """Whether the answer is JSON, and of this schema. Raises Undecided where one of its patterns took too long."""
        try:
            return bool(self._validator.is_valid(_read(answer)))
        except (ValueError, RecursionError):  # nested so deep that it could not be held against the schema
            return False


def _read(answer: str) -> Any:
    """Raises ValueError."""
    try:
        return json.loads(answer, parse_constant=_no_number, parse_int=_integer)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _integer(text: str) -> float:
    return int(text) if len(text) < 1000 else float(text)  # Python reads no longer ones


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _pattern(_: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """JSON schema's ``pattern``, as ``jsonschema`` calls it, with a bound on its time."""
    if isinstance(instance, str) and not Pattern(pattern).found_in(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _require_own(schema: Any) -> None:
    """Raises FormUnusable for references that lead out of the schema or nowhere, and for what is not bounded."""
    resolver = Registry().with_resource("", Resource.from_contents(schema, DRAFT202012)).resolver()
    for name, value in _entries(schema):
        if name == "patternProperties":
            raise FormUnusable("The JSON schema has patternProperties, which cannot be checked here. Name properties.")
        if name == "pattern" and isinstance(value, str):
            Pattern(value)
        if name in REFERENCES and isinstance(value, str):
            if not value.startswith("#"):
                raise FormUnusable(f"The JSON schema refers to “{value}”, but must be complete in itself.")
            try:
                resolver.lookup(value)
            except Unresolvable as error:
                raise FormUnusable(f"The JSON schema refers to “{value}”, which it does not hold.") from error


def _entries(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield from found.items()
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
