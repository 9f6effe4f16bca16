"""Where uploads, tokens and adapters are stored when that is a folder."""

import contextlib
import errno
import os
from typing import Any
from uuid import uuid4

from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """A file that is there is whole and on the disk: it is written aside, synced, then renamed.

    Django's storage leaves what a full disk cuts short under the file's own name, and may not notice: a move between
    file systems does not look at how much of its last block was written.
    """

    def _save(self, name: str, content: Any) -> str:
        size, draft = content.size, f"{name}.{uuid4().hex}.part"
        try:
            super()._save(draft, content)  # type: ignore[misc]  # its types leave it out
            if _synced_size(self.path(draft)) != size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path(name))
            os.rename(self.path(draft), self.path(name))
        except BaseException:
            with contextlib.suppress(OSError):  # what it failed of is raised
                os.unlink(self.path(draft))
            raise
        _synced_size(os.path.dirname(self.path(name)))
        return name


def _synced_size(path: str) -> int:
    """Bring a file, or a folder's entries, to the disk; returns its size."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
        return os.fstat(file).st_size
    finally:
        os.close(file)
