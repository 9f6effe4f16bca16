"""Warnings about a single row that can be trained on: empty messages, missing answers, secrets, addresses. Pure.

Duplicates and identical answers, which need the whole file, are found in ``repeats``.
"""

import hashlib
import re
from collections.abc import Iterator

from datasets.formats.problems import Problem, excerpt
from datasets.formats.rows import Conversation

EMAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}\b")
EXAMPLE_DOMAINS = ("@example.com", "@example.org", "@example.net")
"""Reserved for documentation (RFC 2606, section 3); addresses there are nobody's."""
SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}"
    r"|\bgithub_pat_[A-Za-z0-9_]{40,}"
    r"|\bsk-(?:[a-z]{2,8}-)?[A-Za-z0-9_-]{20,}"
    r"|\bxox[abeprs]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[0-9A-Za-z_-]{35}\b"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|\bhf_[A-Za-z0-9]{30,}"
)
SECRET_MARKS = (
    "PRIVATE KEY",
    "AKIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "sk-",
    "xox",
    "AIza",
    "eyJ",
    "hf_",
)
"""One of these stands in every secret that is looked for; looking for them first is many times faster."""


def warnings(conversation: Conversation) -> Iterator[Problem]:
    """What is worth a second look, from the first message to the last; of secrets and addresses, one a message."""
    line = conversation.line
    if conversation.text is not None:
        yield from _private(conversation.text, line, "text")
        return
    for index, message in enumerate(conversation.messages):
        place = f"message {index + 1} ({message.role})"
        if not message.content.strip() and not message.calls:
            if message.trained:
                yield Problem("empty_answer", line, "The answer is empty: the model learns to say nothing.", place)
            elif message.role != "system":
                yield Problem("empty_message", line, f"The {message.role}'s message is empty.", place)
        hidden = f"{message.reasoning}\n{message.called}" if message.reasoning or message.calls else ""
        yield from _private(f"{message.content}\n{hidden}" if hidden else message.content, line, place)
    if not conversation.pairs:
        yield Problem("no_answer", line, "No assistant turn is trained on, so nothing is learned from the row.")
    elif conversation.messages[-1].role == "user":
        last = conversation.messages[-1].content
        reason = "The last message is the user's. It has no answer, so nothing is learned from it."
        yield Problem("unanswered_end", line, reason, f"message {len(conversation.messages)} (user)", excerpt(last))


def _private(text: str, line: int, place: str) -> Iterator[Problem]:
    """Secrets and addresses, the first of each kind; a secret is shown with its end hidden."""
    if any(mark in text for mark in SECRET_MARKS) and (found := SECRETS.search(text)):
        shown = f"{found[0][: min(12, len(found[0]) // 2)]}…"
        yield Problem("secret", line, "This looks like a key or a token. The model may repeat it.", place, shown)
    if "@" in text:
        for address in EMAIL.finditer(text):
            if not address[0].lower().endswith(EXAMPLE_DOMAINS):
                reason = f"{address[0]} looks like a person's e-mail address. The model may repeat it."
                yield Problem("email", line, reason, place, excerpt(text, address.start()))
                return


def fingerprints(conversation: Conversation) -> tuple[int, int]:
    """Hashes of the whole row and of its answers: BLAKE2b (RFC 7693) cut to 63 bits, which an int64 column holds."""
    row = "\1".join(
        f"{message.role}\0{message.content}{message.reasoning}{message.called}" for message in conversation.messages
    )
    return _number(row if conversation.text is None else conversation.text), _number(conversation.answers)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
