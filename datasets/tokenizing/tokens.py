"""A conversation as a base model sees it: as tokens, and which of them are learned.

Needs neither Django, Transformers nor PyTorch, so the web side and plain processes can do it. ``writing`` makes texts
of a conversation by the model's chat template, ``markup`` keeps special tokens in people's words from being any.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from datasets.formats.rows import Conversation
from datasets.tokenizing.answers import Answer, Written
from datasets.tokenizing.markup import Markup
from datasets.tokenizing.model_files import ModelFiles, TokenizerNotFound, read_files
from datasets.tokenizing.reading import Encoded, Read, Reader, examples, load
from datasets.tokenizing.template import Refused, Template
from datasets.tokenizing.writing import Draft, Writer

_QUESTION_AND_ANSWER = [
    {"role": "user", "content": "What is 12 + 30,5?\n\n  Ça va — 😀"},
    {"role": "assistant", "content": " It’s 42.5!\n"},
]
PROBES = [_QUESTION_AND_ANSWER, [{"role": "system", "content": "Be brief."}, *_QUESTION_AND_ANSWER]]


@dataclass(frozen=True, slots=True)
class Tokenized:
    """A row's examples: one, or several where the template rewrites earlier turns."""

    examples: list[Encoded]
    notes: dict[str, str] = field(default_factory=dict)
    """Kind of problem -> what is to be said of it."""


class ChatTokenizer:
    """A model's tokenizer with its chat template, as of a day."""

    def __init__(self, directory: Path, today: date) -> None:
        """Read a model's folder.

        Args:
            directory: the folder.
            today: what a template is told that asks for the date.

        Raises:
            TokenizerNotFound: it holds no tokenizer with a chat template that can be read.
        """
        self.files: ModelFiles = read_files(directory)
        self.context = self.files.context
        """The longest sequence that the model was made for, in tokens, or ``None`` where its files do not say."""
        self.today = today
        self._tokenizer = load(self.files.tokenizer)
        self._reader = Reader(self._tokenizer)
        self._markup = Markup(self._tokenizer, self.files.tokenizer, self.files.template)
        try:
            self.template = Template(self.files.template, self.files.special, today)
        except Refused as error:
            raise TokenizerNotFound(f"{error} ({directory})") from error
        self._writer = Writer(self.template, self._markup, self.files.special)
        self._end: int | None = self._tokenizer.token_to_id(self.files.special["eos_token"])
        self._begin = self._before_text()

    @cached_property
    def fingerprint(self) -> str:
        """Of tokenizer, template and special tokens."""
        return self.files.fingerprint

    def encode(self, conversations: Sequence[Conversation], *, fold: bool = True) -> list[Tokenized]:
        """Tokens of each conversation, system prompt and turn markers included.

        Args:
            conversations: of messages or plain text.
            fold: put a system message that the template refuses before the first user's words.

        Raises:
            Refused: the template refuses one of them.
        """
        drafts = [self._writer.write(one, fold=fold) if one.text is None else one.text for one in conversations]
        texts = [text.text for one in drafts if isinstance(one, Draft) and not one.is_hidden for text in one.texts]
        plain = self._reader.read_all(texts)
        return [
            self._plain(one)
            if isinstance(one, str)
            else Tokenized([example for text in one.texts for example in self._examples(text, one, plain)], one.notes)
            for one in drafts
        ]

    def draft(self, conversation: Conversation, *, fold: bool = True) -> Draft:
        """A conversation of messages as text, and in which form the template took it. Raises Refused."""
        return self._writer.write(conversation, fold=fold)

    def decode(self, ids: Sequence[int]) -> str:
        """The tokens as text, special tokens included."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=False)

    def probes(self) -> list[tuple[str, list[int]]]:
        """Texts that the template makes of PROBES, and their tokens; those that it refuses are left out.

        They lie with every cache, so that who reads it can tell whether their tokenizer gives the same.
        """
        texts = [text for messages in PROBES if (text := self._probe(messages)) is not None]
        return [(text, self._reader.read(text)[0]) for text in texts]

    def _probe(self, messages: list[dict[str, str]]) -> str | None:
        try:
            return self.template.render(messages)
        except Refused:
            return None

    def _before_text(self) -> list[int]:
        """The tokens that the tokenizer puts before a text: what its configuration says, or else its own file."""
        if self.files.adds_bos is not None:
            bos = self._tokenizer.token_to_id(self.files.special["bos_token"])
            return [bos] if self.files.adds_bos and bos is not None else []
        encoding = self._tokenizer.encode("a", add_special_tokens=True)
        mask = encoding.special_tokens_mask
        return list(encoding.ids[: mask.index(0)]) if 0 in mask else []

    def _plain(self, text: str) -> Tokenized:
        """Plain text begins as the tokenizer begins one, and is learned whole, its end included."""
        special = self._markup.first_in(text)
        if special:
            ids, _ = self._markup.twin.read(self._markup.shown(self._markup.hide(text)))
        else:
            ids, _ = self._reader.read(text)
        end = [] if self._end is None else [self._end]
        ids = [*self._begin, *ids, *end]
        notes = {"special_token": f"{special[0]} stands in it; it is trained on as text."} if special else {}
        return Tokenized([Encoded(ids, [len(self._begin), len(ids)], head=len(self._begin))], notes)

    def _examples(self, text: Written, draft: Draft, plain: Iterator[Read]) -> Iterable[Encoded]:
        if not draft.is_hidden:
            return examples(text, len(draft.head), self._reader, next(plain))
        shown, twin = _shown(text, self._markup), self._markup.twin
        return examples(shown, len(self._markup.shown(draft.head)), twin, twin.read(shown.text))


def _shown(written: Written, markup: Markup) -> Written:
    def at(position: int) -> int:
        return len(markup.shown(written.text[:position]))

    answers = [Answer(at(one.start), at(one.end), one.weight) for one in written.answers]
    return Written(markup.shown(written.text), answers)


@lru_cache(maxsize=4)
def chat_tokenizer(directory: Path, today: date) -> ChatTokenizer:
    """The folder's ChatTokenizer, kept in memory with the last few others. Raises TokenizerNotFound."""
    return ChatTokenizer(directory, today)
