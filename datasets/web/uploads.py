"""Take an upload to disk as it comes in, and no more of it than may be stored."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from pipeline.http import FORM_OVERHEAD_BYTES


class _Upload(TemporaryUploadedFile):
    """Written where uploads are kept, so that storage can move it instead of copying; /tmp may be small."""

    def __init__(self, name: str, *about: Any) -> None:
        folder: Path = settings.UPLOADING_DIR
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115 - closed as uploads are
        UploadedFile.__init__(self, file, name, *about)
        self.sha256 = ""
        """Once it is whole."""


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Streams the file into a temporary one, and stops at the limit however much the client wants to send."""

    def __init__(self, request: HttpRequest, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.received = 0
        self.is_too_large = False
        self.digest = hashlib.sha256()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.digest = hashlib.sha256()
        self.file = _Upload(self.file_name or "", self.content_type, 0, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > self.limit:
            self.is_too_large = True
            raise StopUpload(connection_reset=True)
        self.digest.update(raw_data)
        with self._removed_if_cut_short():
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """The upload, with what identifies its content: nobody has to read it again for that."""
        with self._removed_if_cut_short():
            file = super().file_complete(file_size)
        if isinstance(file, _Upload):
            file.sha256 = self.digest.hexdigest()
        return file

    @contextlib.contextmanager
    def _removed_if_cut_short(self) -> Iterator[None]:
        """A full disk leaves no part of the file on it."""
        try:
            yield
        except OSError:
            with contextlib.suppress(OSError):  # what is still to be written does not fit either
                self.file.close()
            raise


def prepare(request: HttpRequest) -> None:
    """Have the request's file go through a LimitedUploadHandler; before anything reads the request's form."""
    if request.method == "POST":
        request.upload_handlers = [LimitedUploadHandler(request, settings.DATASET_MAX_BYTES)]


def is_stated_too_large(request: HttpRequest) -> bool:
    """Whether the length of what the client sends is over the limit already; reads nothing."""
    return bool(int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATASET_MAX_BYTES + FORM_OVERHEAD_BYTES)


def was_too_large(request: HttpRequest) -> bool:
    """Whether more came than may be stored; after the form has been read."""
    return any(getattr(handler, "is_too_large", False) for handler in request.upload_handlers)


def too_large() -> str:
    return f"The file is larger than the limit of {filesizeformat(settings.DATASET_MAX_BYTES)}."
