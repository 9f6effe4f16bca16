"""``python -I confined.py [--online] [--hide PATH]… [-- COMMAND…]``: become a command that has less of this host.

It has no network but a loopback of its own, and of the paths that are to be hidden it sees nothing. Without a command:
whether this system can do that, by exit status. Own code rather than unshare(1), which leaves the loopback down, where
the processes of one run talk to each other, and hides nothing. Of the standard library alone, so that it is there at
once.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000  # linux/sched.h
MS_RDONLY, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 1, 4096, 8192, 16384, 1 << 18  # linux/mount.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1  # linux/sockios.h, linux/if.h

libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: Sequence[str]) -> int:
    """Confine this process and replace it by the command; where it cannot be confined, the command runs as it is."""
    parser = ArgumentParser()
    parser.add_argument("--online", action="store_true")
    parser.add_argument("--hide", action="append", type=Path, default=[])
    parser.add_argument("command", nargs="*")
    asked = parser.parse_args(arguments)
    try:
        confine(online=asked.online, hidden=asked.hide)
    except OSError as error:
        print(f"Not confined: {error}", file=sys.stderr, flush=True)
        if not asked.command:
            return 1
    if asked.command:
        os.execvp(asked.command[0], asked.command)
    return 0


def confine(*, online: bool, hidden: Sequence[Path]) -> None:
    """Enter namespaces of its own (namespaces(7)). The rights over them, which that takes, end with the next exec.

    Raises OSError.
    """
    user, group = os.getuid(), os.getgid()
    unshare(CLONE_NEWNS | (0 if online else CLONE_NEWNET) | (CLONE_NEWUSER if user else 0))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    for path in hidden:
        if path.is_dir():
            mount("tmpfs", path, kind="tmpfs", flags=MS_RDONLY)
        elif path.exists():
            mount(os.devnull, path, flags=MS_BIND)
    if not online:
        loopback_up()


def unshare(flags: int) -> None:
    """unshare(2), which Python has from 3.12 on. Raises OSError."""
    if libc.unshare(flags):
        _refused("unshare")


def mount(source: str | Path | None, target: str | Path, *, kind: str | None = None, flags: int = 0) -> None:
    """mount(2). Raises OSError."""
    given = [None if value is None else os.fsencode(value) for value in (source, target, kind)]
    if libc.mount(*given, ctypes.c_ulong(flags), None):
        _refused(f"mount {target}")


def loopback_up() -> None:
    """Let the network namespace talk to itself. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _refused(what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
