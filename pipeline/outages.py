"""What is not our fault and will pass: a database that is away, a disk that is full or may not be written to."""

import errno
from dataclasses import dataclass
from http import HTTPStatus

from django.db import InterfaceError, OperationalError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NOT_WRITABLE = {errno.EROFS, errno.ESTALE}
CONNECTION_CLASSES = ("08", "57P")
"""SQLSTATEs of a connection that failed and of a server that stops or starts; without one, none was made at all."""


@dataclass(frozen=True)
class Outage:
    """What is answered for the time being."""

    status: HTTPStatus
    words: str
    retry_after: int = 10
    """Seconds."""


DATABASE = Outage(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer at the moment. Please try again.")
NO_ROOM = Outage(
    HTTPStatus.INSUFFICIENT_STORAGE,
    "The server's disk is full, so nothing was stored. Its administrator has to make room; please try again then.",
    60,
)
NO_WRITING = Outage(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The server's storage cannot be written to at the moment, so nothing was stored. Please try again.",
    60,
)


def outage(error: BaseException | None) -> Outage | None:
    """What an error is a sign of; ``None``: of something that is broken."""
    match error:
        case OperationalError() | InterfaceError():
            state = getattr(error.__cause__, "sqlstate", None)
            return DATABASE if state is None or state.startswith(CONNECTION_CLASSES) else None
        case OSError(errno=number) if number in FULL:
            return NO_ROOM
        case OSError(errno=number) if number in NOT_WRITABLE:
            return NO_WRITING
    return None
