"""A model's chat template, rendered as Transformers renders it, on a day that does not change.

The environment is that of ``transformers/utils/chat_template_utils.py``: the same filters, globals and extensions, so
that a template gives the same text here, in the trainer and on a server.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import CallBlock
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

ASKS_FOR_THE_DATE = "strftime_now"
"""The function by which a template asks for the date."""

Chat = Sequence[Mapping[str, Any]]


class Refused(ValueError):
    """The template refuses a conversation, or leaves a part of it out; the message says why, for a person."""


class Template:
    """A chat template with what it is rendered with."""

    def __init__(self, source: str, special: Mapping[str, str], today: date) -> None:
        """Read a template.

        Args:
            source: its text.
            special: ``bos_token`` and its fellows.
            today: what it is told when it asks for the date, at midnight.

        Raises:
            Refused: it is no template.
        """
        self.source = source
        self._special = special
        try:
            self._compiled = _environment(datetime.combine(today, time()).strftime).from_string(source)
        except TemplateError as error:
            raise Refused(f"The model's chat template cannot be read: {error}") from error

    @property
    def is_dated(self) -> bool:
        """Whether what it writes depends on the date."""
        return ASKS_FOR_THE_DATE in self.source

    def render(self, messages: Chat, *, tools: Sequence[Any] = (), open_answer: bool = False) -> str:
        """The conversation as text.

        Args:
            messages: ``[{"role": …, "content": …}, …]``.
            tools: JSON schemas of the functions that may be called.
            open_answer: end with the beginning of an assistant's turn.

        Raises:
            Refused: the template refuses it.
        """
        try:
            return self._compiled.render(
                messages=messages,
                tools=list(tools) or None,
                documents=None,
                add_generation_prompt=open_answer,
                **self._special,
            )
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise Refused(f"The model's chat template refuses the conversation: {error}") from error


class _Generation(Extension):
    """``{% generation %}`` marks what the assistant writes, for trainers that cannot find it; it is rendered as it is.

    A block of its own, as in Transformers: a variable that is set in it is not set after it.
    """

    tags = {"generation"}

    def parse(self, parser: Parser) -> CallBlock:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        block = CallBlock(self.call_method("_as_it_is"), [], [], body)
        block.set_lineno(line)
        return block

    def _as_it_is(self, caller: Callable[[], str]) -> str:
        return caller()


class _Namespace(Namespace):
    """Jinja's, without names that begin with an underscore."""

    def __init__(*args: Any, **values: Any) -> None:
        self, *pairs = args
        given = dict(*pairs, **values)
        for name in given:
            _require_public(name)
        Namespace.__init__(self, given)

    def __setitem__(self, name: str, value: Any) -> None:
        _require_public(name)
        super().__setitem__(name, value)


def _require_public(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace cannot hold {name!r}")


def _environment(strftime: Callable[[str], str]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals[ASKS_FOR_THE_DATE] = strftime
    environment.globals["namespace"] = _Namespace
    return environment


def _to_json(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
