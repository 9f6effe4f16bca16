"""Where a base model lies: in the models directory, in another folder that is allowed, or on the Hugging Face hub.

The only place that knows. A folder anywhere else is refused, so that who edits the catalogue cannot have workers read
what the operator did not mean them to. A hub model is fixed by its ``revision`` (a commit, tag or branch); a folder has
none. The hub is asked only where HF_HUB_OFFLINE=0 allows it; else what was fetched before counts.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from huggingface_hub import hf_hub_download, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

CONFIG = "config.json"
TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", CONFIG]
WEIGHTS = ["*.safetensors", "*.bin"]
LARGEST_CONFIG = 10_000_000
"""Bytes."""
HUB_ERRORS = (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError)


class ModelNotFound(Exception):
    """A base model, or a file of it, cannot be had on this host; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """A base model by its ``source``, the catalogue's word for where it lies."""

    source: str
    revision: str = ""

    @property
    def folder(self) -> Path | None:
        """Its folder on this host; ``None`` for a hub model, for one that is not here, and for one that is refused."""
        folder: Path = settings.MODELS_DIR / self.source
        return folder.absolute() if folder.is_dir() and not self.refusal else None

    @property
    def refusal(self) -> str:
        """Why its source is not to be read, and what to do; nothing where it is no folder, or an allowed one."""
        path: Path = settings.MODELS_DIR / self.source
        if ".." in Path(self.source).parts or not any(_is_within(path, root) for root in _roots()):
            return (
                f"“{self.source}” leads to a folder outside the models directory, which workers do not read. Put the "
                "model into the models directory and enter its folder's name, or have the operator add the folder to "
                "PIPELINE_MODEL_ROOTS."
            )
        return ""

    @property
    def location(self) -> str:
        """What Transformers loads it from: its folder, or its hub id. Raises ModelNotFound."""
        self._require_allowed()
        return str(self.folder or self.source)

    @property
    def is_here(self) -> bool:
        """Whether a worker on this host can load it without fetching it; another host may.

        Of a hub model the cache may hold no more than what tokenizing needs.
        """
        if self.folder is not None:
            return True
        config = self._cached(CONFIG)
        return config is not None and any(file for kind in WEIGHTS for file in config.parent.glob(kind))

    @property
    def is_hub_id(self) -> bool:
        """Whether the hub may have it; else it is a folder alone, which nothing is fetched into."""
        return self.source.count("/") == 1 and not Path(self.source).is_absolute()

    def _require_allowed(self) -> None:
        if refusal := self.refusal:
            raise ModelNotFound(refusal)

    def tokenizer_folder(self) -> Path:
        """The folder of its tokenizer's files, fetched where that is allowed. Raises ModelNotFound."""
        self._require_allowed()
        if folder := self.folder:
            return folder
        if not self.is_hub_id:
            return Path(settings.MODELS_DIR / self.source)
        try:
            return Path(
                snapshot_download(
                    self.source,
                    revision=self.revision or None,
                    allow_patterns=TOKENIZER_FILES,
                    local_files_only=not may_fetch(),
                )
            )
        except HUB_ERRORS as error:
            raise ModelNotFound(
                f"The tokenizer of {self.source} is not on this worker. Put the model into the models directory, or "
                "set HF_HUB_OFFLINE=0 to have it fetched."
            ) from error

    def pinned(self) -> "Place":
        """The same by the commit that its revision stands for now; a folder as it is. Raises ModelNotFound."""
        folder = self.tokenizer_folder()
        is_snapshot = folder.parent.name == "snapshots"  # the hub's cache: models--org--name/snapshots/<commit>
        return Place(self.source, folder.name) if is_snapshot and self.folder is None else self

    def config(self) -> dict[str, Any]:
        """Its ``config.json``. Raises ModelNotFound."""
        self._require_allowed()
        return _read(self._config_file())

    def _config_file(self) -> Path:
        if folder := self.folder:
            return folder / CONFIG
        if cached := self._cached(CONFIG):
            return cached
        if not may_fetch():
            raise ModelNotFound(
                f"“{self.source}” is no folder with a {CONFIG} on this host, and the Hugging Face hub is not asked "
                "(HF_HUB_OFFLINE). Put the model there, set HF_HUB_OFFLINE=0, or enter parameters and dimensions by "
                "hand."
            )
        try:
            return Path(hf_hub_download(self.source, CONFIG, revision=self.revision or None))
        except HUB_ERRORS as error:
            reason = str(error).splitlines()[0][:200]
            raise ModelNotFound(f"The {CONFIG} of “{self.source}” could not be fetched: {reason}") from error

    def _cached(self, name: str) -> Path | None:
        try:
            found = try_to_load_from_cache(self.source, name, revision=self.revision or None)
        except HFValidationError:
            return None
        return Path(found) if isinstance(found, str) else None


def _roots() -> list[Path]:
    """Folders that base models may lie in: the operator's settings, the model of PIPELINE_TOKENIZER among them."""
    own = [Path(settings.TOKENIZER)] if Path(settings.TOKENIZER).is_absolute() else []
    return [settings.MODELS_DIR, *settings.MODEL_ROOTS, *own]


def _is_within(path: Path, root: Path) -> bool:
    """Wherever links on the way lead."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def may_fetch() -> bool:
    """Whether the hub may be asked (HF_HUB_OFFLINE=0)."""
    return os.environ.get("HF_HUB_OFFLINE", "1") == "0"


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > LARGEST_CONFIG:
            raise ModelNotFound(f"{file} is too large for a model's {CONFIG}.")
        config = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelNotFound(f"{file} cannot be read: {error}.") from error
    if not isinstance(config, dict):
        raise ModelNotFound(f"{file} holds no JSON object.")
    return config
