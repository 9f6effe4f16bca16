"""Adapters as folders, which servers load them from: made from their zips as they are asked for."""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from django.conf import settings

from training.models import Artifact

FILES = ("adapter_config.json", "adapter_model.safetensors")
KEPT = 100
"""Folders; those that were asked for the longest ago go first, and come back when they are asked for."""


class AdapterUnusable(Exception):
    """Its zip is gone, or holds no adapter; the message says so."""


def folder_of(artifact: Artifact) -> Path:
    """The folder of an adapter's files. Raises AdapterUnusable, OSError where there is no room."""
    home: Path = settings.INFERENCE_ADAPTERS_DIR
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = home / f"{artifact.pk}-{artifact.sha256[:12]}"
    if not folder.is_dir():
        _unpack(artifact, folder)
        _forget(home)
    os.utime(folder)
    return folder


def _forget(home: Path) -> None:
    by_use = sorted((path for path in home.iterdir() if path.is_dir()), key=lambda path: -path.stat().st_mtime)
    for old in by_use[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _unpack(artifact: Artifact, folder: Path) -> None:
    """Whole or not at all. Only what an adapter is made of, by its name: a zip's paths lead nowhere."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        made = Path(draft, "adapter")
        made.mkdir(mode=0o700)
        try:
            with artifact.file.open() as file, zipfile.ZipFile(file) as archive:
                for name in FILES:
                    with archive.open(_member(archive, name)) as source, Path(made, name).open("wb") as target:
                        shutil.copyfileobj(source, target)
        except (FileNotFoundError, zipfile.BadZipFile, KeyError) as error:
            raise AdapterUnusable(f"The adapter’s file {artifact.file_name} is gone or damaged.") from error
        if not folder.is_dir():  # another request may have made it meanwhile
            made.rename(folder)


def _member(archive: zipfile.ZipFile, name: str) -> str:
    """Its path in the zip, in the one folder at the top. Raises KeyError."""
    found = [path for path in archive.namelist() if path.count("/") == 1 and path.endswith(f"/{name}")]
    if len(found) != 1:
        raise KeyError(name)
    return found[0]
