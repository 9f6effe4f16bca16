"""An Ollama Modelfile whose template says what the model's chat template says. Pure.

The parts that a chat template puts around each role's words are found by rendering a few conversations, written in the
Modelfile's language (Go's text/template), and held against the chat template on others.
"""

from collections.abc import Callable
from dataclasses import dataclass

Messages = list[dict[str, str]]
Render = Callable[[Messages, bool], str]
"""Writes a conversation by the chat template, with or without what opens the next answer."""
SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
WORDS = {SYSTEM: "SYSTEMWORDS", USER: "USERWORDS", ASSISTANT: "ASSISTANTWORDS"}
FORBIDDEN = ('"""', "{{", "}}")
"""What means something in a Modelfile."""


@dataclass(frozen=True)
class Turns:
    """What stands before and after the words of each role."""

    around: dict[str, tuple[str, str]]
    opening: str
    """Of the next answer."""
    default_system: str
    """What the system says where a conversation does not begin with it; empty: nothing."""

    def written(self, messages: Messages) -> str:
        """A conversation as Ollama will write it, up to the answer that is to come."""
        default = [{"role": SYSTEM, "content": self.default_system}] if self.default_system else []
        whole = messages if messages[0]["role"] == SYSTEM else default + messages
        said = (f"{before}{message['content']}{after}" for message in whole for before, after in [self._of(message)])
        return "".join(said) + self.opening

    def _of(self, message: dict[str, str]) -> tuple[str, str]:
        return self.around[message["role"]]


def found_turns(render: Render, *, added: str) -> Turns | None:
    """The template's parts; ``None`` where it is not made of such parts, or of some that no Modelfile can hold.

    Args:
        render: the chat template.
        added: text at the beginning that the tokenizer adds by itself.
    """

    def rendered(messages: Messages, opens: bool = True) -> str:
        return render(messages, opens).removeprefix(added)

    try:
        turns = _turns(rendered)
        is_true = all(turns.written(probe) == rendered(probe) for probe in _probes())
    except Exception:  # noqa: BLE001 - a template may refuse any conversation, by errors of its own
        return None
    parts = [turns.opening, turns.default_system, *(part for pair in turns.around.values() for part in pair)]
    return turns if is_true and not any(mark in part for mark in FORBIDDEN for part in parts) else None


def modelfile(weights: str, turns: Turns | None, stops: list[str]) -> str:
    """The Modelfile's text.

    Args:
        weights: name of the GGUF file beside it.
        turns: ``None``: Ollama takes the template that the GGUF file holds.
        stops: texts of the tokens that end an answer.
    """
    lines = [f"FROM ./{weights}"]
    if turns is None:
        lines.append("# The chat template cannot be said in Ollama's language; Ollama reads it from the GGUF file.")
    else:
        lines.append(f'TEMPLATE """{_go(turns)}"""')
        if turns.default_system:
            lines.append(f'SYSTEM """{turns.default_system}"""')
    lines += [f'PARAMETER stop "{stop}"' for stop in stops]
    return "\n".join(lines) + "\n"


def _go(turns: Turns) -> str:
    """In one line of tags, as tags that trim would take line ends of the template away."""
    roles = [
        f'{{{{ {"if" if at == 0 else "else if"} eq .Role "{role}" }}}}{before}{{{{ .Content }}}}{after}'
        for at, (role, (before, after)) in enumerate(turns.around.items())
    ]
    return f"{{{{ range .Messages }}}}{''.join(roles)}{{{{ end }}}}{{{{ end }}}}{turns.opening}"


def _turns(rendered: Callable[..., str]) -> Turns:
    """Raises ValueError where the words are not found, or what is around them is not the same everywhere."""
    system, user, assistant = (_message(role) for role in (SYSTEM, USER, ASSISTANT))
    first, after_user = _split(rendered([user], False), USER)
    opening = rendered([user]).removeprefix(first + WORDS[USER] + after_user)
    before_system, between = _split(rendered([system, user], False).removesuffix(WORDS[USER] + after_user), SYSTEM)
    tail = rendered([system, user, assistant, user], False).removeprefix(
        before_system + WORDS[SYSTEM] + between + WORDS[USER] + after_user
    )
    before_assistant, tail = _split(tail, ASSISTANT)
    after_assistant = _split(rendered([system, user, assistant], False), ASSISTANT)[1]
    before_user = _split(tail, USER)[0].removeprefix(after_assistant)
    after_system = between.removesuffix(before_user)
    default = first.removesuffix(before_user).removeprefix(before_system).removesuffix(after_system)
    around = {
        SYSTEM: (before_system, after_system),
        USER: (before_user, after_user),
        ASSISTANT: (before_assistant, after_assistant),
    }
    return Turns(around, opening, default)


def _split(text: str, role: str) -> tuple[str, str]:
    before, found, after = text.partition(WORDS[role])
    if not found:
        raise ValueError(f"the template does not write the words of {role}")
    return before, after


def _message(role: str, content: str = "") -> dict[str, str]:
    return {"role": role, "content": content or WORDS[role]}


def _probes() -> list[Messages]:
    """Conversations by which the parts are held against the template."""
    chat = [_message(USER, "Hello."), _message(ASSISTANT, "Hi!"), _message(USER, "What is 2 + 2?\nBe short.")]
    return [chat[:1], chat, [_message(SYSTEM, "Be brief."), *chat], [_message(SYSTEM, "Be brief."), chat[0]]]
