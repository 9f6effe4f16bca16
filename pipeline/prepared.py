"""Questions that nearly every request asks: Django writes their SQL once, and then only values are filled in.

Writing it anew takes several times as long as the database takes to answer.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from django.db import models


class Prepared:
    """A question for rows of one model, without rows of others joined to them."""

    def __init__(self, question: Callable[..., models.QuerySet[Any]], *samples: Any) -> None:
        """``samples``: arguments for it, each unlike the others and unlike every constant in it."""
        self._question, self._samples = question, samples

    def __call__(self, *values: Any) -> Any:
        """The rows for these arguments."""
        model, sql, parameters = self._written
        return model._default_manager.raw(sql, [values[at] if at >= 0 else constant for at, constant in parameters])

    @cached_property
    def _written(self) -> tuple[type[models.Model], str, list[tuple[int, Any]]]:
        """The model, its SQL, and for each parameter the argument's place, or -1 and a constant."""
        query = self._question(*self._samples).query
        sql, parameters = query.sql_with_params()
        samples = self._samples
        places = [(samples.index(one) if one in samples else -1, one) for one in parameters]
        return cast(type[models.Model], query.model), sql, places
