"""How far an answer says what its reference says, word by word: exact match and F1. Pure.

Both are SQuAD's (arXiv:1606.05250; its script ``evaluate-v1.1.py``): lower case, without punctuation and English
articles. Other scripts are read as MLQA reads them (arXiv:1910.07475): punctuation is Unicode's, and in a script
without spaces each character is a word. On English text nothing differs from SQuAD's script.
"""

import re
import string
import unicodedata
from collections import Counter

ARTICLES = re.compile(r"\b(a|an|the)\b")
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Japanese and Chinese."""


def exact_match(answer: str, reference: str) -> float:
    """1.0 where both are the same words in the same order, else 0.0."""
    return float(squad_words(answer) == squad_words(reference))


def token_f1(answer: str, reference: str) -> float:
    """The harmonic mean of precision and recall over the words that both have, from 0.0 to 1.0.

    Where one has no words, 1.0 if the other has none either (as SQuAD 2.0's script has it).
    """
    said, meant = squad_words(answer), squad_words(reference)
    if not said or not meant:
        return float(said == meant)
    shared = (Counter(said) & Counter(meant)).total()
    return 2 * shared / (len(said) + len(meant))


def squad_words(text: str) -> list[str]:
    """The words of a text as exact match and F1 compare them."""
    kept = "".join(char for char in _folded(text) if not _is_punctuation(char))
    return spaced(ARTICLES.sub(" ", kept)).split()


def rouge_words(text: str) -> list[str]:
    """The words of a text as ROUGE compares them: runs of letters, their marks and digits, in lower case.

    On ASCII text just what ``rouge-score`` takes by itself; of other scripts that keeps nothing.
    """
    kept = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in _folded(text))
    return spaced(kept).split()


def spaced(text: str) -> str:
    """With spaces around each character of a script without them; vowel signs and marks stay with their letter."""
    pieces: list[str] = []
    for char in text:
        is_mark = unicodedata.category(char)[0] == "M"
        is_alone = bool(UNSPACED.match(char))
        if not is_mark and (is_alone or (pieces and UNSPACED.match(pieces[-1][0]))):
            pieces.append(char)
        elif pieces:
            pieces[-1] += char
        else:
            pieces.append(char)
    return " ".join(pieces)


def _folded(text: str) -> str:
    """Lower case, and composed: the same letter may be written in two ways."""
    return unicodedata.normalize("NFC", text.lower())


def _is_punctuation(char: str) -> bool:
    return char in string.punctuation or unicodedata.category(char)[0] == "P"
