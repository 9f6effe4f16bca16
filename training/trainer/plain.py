"""Any text in a Markdown file, without a meaning of its own: whoever gives a name is not who reads it. Pure."""

import re

import yaml

MEANINGFUL = re.compile(r"""[!"#$&*:<=>@\[\\\]^_`{|}~]""")
"""Punctuation that may mean something amid a line; a backslash before it takes that away (CommonMark, 2.4)."""
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def plain(text: str) -> Markdown:
    """The text amid a line of Markdown, in a table too: as it is, but for white space, which is one space each."""
    return Markdown(MEANINGFUL.sub(r"\\\g<0>", _one_line(text)))


def code(text: str, *, in_table: bool = False) -> Markdown:
    """The text as a code span (CommonMark, 6.1)."""
    line = _one_line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    inner = f" {line} " if not line or line.startswith("`") or line.endswith("`") else line
    return Markdown(fence + (inner.replace("|", r"\|") if in_table else inner) + fence)


def in_yaml(text: str) -> str:
    """The text as a value in a line of YAML, from which any reader gets it back unchanged."""
    return str(yaml.safe_dump(text, default_style='"', width=float("inf"))).strip()


def _one_line(text: str) -> str:
    return CONTROLS.sub("", " ".join(text.split()))
