"""What people write beside a job, to find it again and to tell it from others."""

from collections.abc import Iterable

FIELDS = ("name", "tags", "note")
LONGEST_NAME = 200
MOST_TAGS = 10
LONGEST_TAG = 40
LONGEST_NOTE = 2000
"""Characters, all but the number of tags."""


class BadTags(ValueError):
    """They cannot be a job's tags; the message says why."""


def one_line(text: str) -> str:
    """With single spaces, and none at its ends."""
    return " ".join(text.split())


def tag(text: str) -> str:
    """A tag as it is kept and looked for: in lower case, with single spaces."""
    return one_line(text).lower()


def tags(texts: Iterable[str]) -> list[str]:
    """Each once, in the order given; empty ones are left out. Raises BadTags."""
    found = list(dict.fromkeys(filter(None, map(tag, texts))))
    if len(found) > MOST_TAGS:
        raise BadTags(f"At most {MOST_TAGS} tags.")
    if any(len(one) > LONGEST_TAG for one in found):
        raise BadTags(f"A tag has at most {LONGEST_TAG} characters.")
    if any("," in one for one in found):
        raise BadTags("A tag has no comma in it.")
    return found
