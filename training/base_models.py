"""Base models by where they lie: in the models directory, at a path, or on the Hugging Face hub."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from huggingface_hub import hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from training.core.architecture import Architecture, UnknownArchitecture
from training.models import BaseModel

CONFIG = "config.json"
LARGEST_CONFIG = 10_000_000
"""Bytes."""


class ConfigUnreadable(Exception):
    """A model's config.json cannot be read here; the message says why and what to do."""


def model_directory(source: str) -> Path | None:
    """Where a model lies on this host: its folder in the models directory, or its path."""
    for place in (settings.MODELS_DIR / source, Path(source)):
        if place.is_absolute() and place.is_dir():
            return place
    return None


def is_on_this_host(model: BaseModel) -> bool:
    """Whether a worker on this host has it; another host may."""
    return model_directory(model.source) is not None or _cached(model.source) is not None


def read_architecture(source: str) -> Architecture:
    """The dimensions in a model's config.json: a folder in the models directory, an absolute path or a hub id.

    The hub is asked only where HF_HUB_OFFLINE=0 allows it; else what was fetched before counts. Raises
    ConfigUnreadable.
    """
    try:
        return Architecture.from_config(_read(_config_file(source)))
    except UnknownArchitecture as error:
        raise ConfigUnreadable(f"The dimensions of “{source}” are not known: {error}. Enter them by hand.") from error


def _config_file(source: str) -> Path:
    if directory := model_directory(source):
        return directory / CONFIG
    if cached := _cached(source):
        return cached
    if os.environ.get("HF_HUB_OFFLINE", "1") != "0":
        raise ConfigUnreadable(
            f"“{source}” is no folder with a {CONFIG} on this host, and the Hugging Face hub is not asked "
            "(HF_HUB_OFFLINE). Put the model there, set HF_HUB_OFFLINE=0, or enter parameters and dimensions by hand."
        )
    try:
        return Path(hf_hub_download(source, CONFIG))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise ConfigUnreadable(f"The {CONFIG} of “{source}” could not be fetched: {reason}") from error


def _cached(source: str) -> Path | None:
    try:
        found = try_to_load_from_cache(source, CONFIG)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > LARGEST_CONFIG:
            raise ConfigUnreadable(f"{file} is too large for a model's {CONFIG}.")
        config = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ConfigUnreadable(f"{file} cannot be read: {error}.") from error
    if not isinstance(config, dict):
        raise ConfigUnreadable(f"{file} holds no JSON object.")
    return config
