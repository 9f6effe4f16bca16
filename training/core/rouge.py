"""ROUGE-L by Google's ``rouge-score``, for every script. Pure, but only where the dependencies of training are."""

from rouge_score.rouge_scorer import RougeScorer

from training.core.answer_words import rouge_words


class _Words:
    """The tokenizer of ours that ``rouge-score`` asks: its own drops every letter that is not ASCII."""

    def tokenize(self, text: str) -> list[str]:
        return rouge_words(text)


_SCORER = RougeScorer(["rougeL"], tokenizer=_Words())


def rouge_l(answer: str, reference: str) -> float:
    """ROUGE-L's F1 over the longest common subsequence of words, from 0.0 to 1.0 (Lin 2004, aclanthology.org/W04-1013).

    Where one has no words, 1.0 if the other has none either.
    """
    if not rouge_words(answer) or not rouge_words(reference):
        return float(rouge_words(answer) == rouge_words(reference))
    score: float = _SCORER.score(reference, answer)["rougeL"].fmeasure
    return score
