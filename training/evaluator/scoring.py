"""The scores that an evaluation asks for, each of an answer and its reference."""

from collections.abc import Callable

from training.core import evaluation
from training.core.answer_form import FormUnusable, JsonSchema, Pattern, Undecided, valid_json
from training.core.answer_words import exact_match, token_f1
from training.core.rouge import rouge_l
from training.evaluator.protocol import EvaluationSpec
from training.trainer.errors import TrainingError

Score = Callable[[str, str], float]
PLAIN: dict[str, Score] = {
    evaluation.EXACT_MATCH: exact_match,
    evaluation.TOKEN_F1: token_f1,
    evaluation.ROUGE_L: rouge_l,
    evaluation.VALID_JSON: lambda answer, _: valid_json(answer),
}


def scores_of(spec: EvaluationSpec) -> dict[str, Score]:
    """By name, in the job file's order. Raises TrainingError."""
    try:
        return {name: _score(name, spec) for name in spec.scores}
    except FormUnusable as error:
        raise TrainingError("bad_job", str(error)) from error


def scored(scores: dict[str, Score], answer: str, reference: str) -> dict[str, float | None]:
    """Each score of an answer; ``None`` where it could not be decided in time."""
    return {name: _in_time(score, answer, reference) for name, score in scores.items()}


def _in_time(score: Score, answer: str, reference: str) -> float | None:
    try:
        return score(answer, reference)
    except Undecided:
        return None


def _score(name: str, spec: EvaluationSpec) -> Score:
    if name == evaluation.JSON_SCHEMA:
        schema = JsonSchema(spec.json_schema)
        return lambda answer, _: float(schema.accepts(answer))
    if name == evaluation.PATTERN:
        pattern = Pattern(spec.pattern)
        return lambda answer, _: float(pattern.found_in(answer))
    if name not in PLAIN:
        raise TrainingError("bad_job", f"The score “{name}” is none of {', '.join(evaluation.SCORES)}.")
    return PLAIN[name]
