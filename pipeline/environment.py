"""Environment variables as settings, refused by name when they cannot be read."""

import os
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):  # type: ignore[misc]
    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **options: Any) -> Any:
        """Raises ImproperlyConfigured."""
        try:
            return super().get_value(var, cast=cast, default=default, **options)
        except ValueError as error:
            wanted = "a number" if cast in (int, float) else "what is wanted there"
            raise ImproperlyConfigured(f"{var} is “{os.environ.get(var)}”, which is not {wanted}.") from error

    def days(self, var: str, *, default: float) -> float:
        """How long something is kept, in days; 0, which an empty variable is as well: for ever."""
        return float(self.float(var, default=default)) if os.environ.get(var, "0").strip() else 0.0
