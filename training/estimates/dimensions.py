"""The dimensions of a base model, read from its ``config.json``."""

from pipeline.base_models import ModelNotFound, Place
from training.core.architecture import Architecture, UnknownArchitecture


class DimensionsUnknown(Exception):
    """They cannot be read here; the message says why and what to do."""


def read_dimensions(place: Place) -> Architecture:
    """Raises DimensionsUnknown."""
    try:
        return Architecture.from_config(place.config())
    except ModelNotFound as error:
        raise DimensionsUnknown(str(error)) from error
    except UnknownArchitecture as error:
        raise DimensionsUnknown(
            f"The dimensions of “{place.source}” are not known: {error}. Enter its number of parameters by hand; its "
            "memory is then not predicted."
        ) from error
