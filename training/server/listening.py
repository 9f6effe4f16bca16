"""Where the server listens: a Unix socket, or this host's own loopback."""

import contextlib
import os
import socket
import stat
import sys
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from training.trainer.errors import TrainingError

from .handler import Handler
from .options import Options
from .service import Service

FOR_ITS_OWNER = 0o177
"""Mask of the permissions that the socket does not get."""


class Server(ThreadingHTTPServer):
    """A thread a connection."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class UnixServer(Server):
    """The same on a Unix socket, which its owner alone may use."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        """Without the look-up of a host's name."""
        before = os.umask(FOR_ITS_OWNER)
        try:
            TCPServer.server_bind(self)
        finally:
            os.umask(before)
        self.server_name, self.server_port = "localhost", 0


def listen(service: Service, options: Options) -> tuple[Server, str]:
    """Take connections from now on, and where. Raises TrainingError where that cannot be."""
    handler = type("ServiceHandler", (Handler,), {"service": service})
    try:
        if options.socket is not None:
            _remove_dead(options.socket)
            return UnixServer(options.socket, handler), options.socket  # type: ignore[arg-type]
        return Server(("127.0.0.1", options.port or 0), handler), f"127.0.0.1:{options.port}"
    except OSError as error:
        where = options.socket or f"port {options.port}"
        raise TrainingError(
            "address_unavailable", f"The server cannot listen on {where}: {error}. Choose another, or end what does."
        ) from error


def _remove_dead(path: str) -> None:
    """A socket that a server left behind which was killed. Raises OSError where one still listens there."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
        with socket.socket(socket.AF_UNIX) as attempt:
            try:
                attempt.connect(path)
            except ConnectionRefusedError:
                os.unlink(path)
