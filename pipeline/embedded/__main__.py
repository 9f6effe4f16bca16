"""``python -m pipeline.embedded -- COMMAND…``: run a command with both servers at hand."""

import os
import signal
import subprocess
import sys

from pipeline.embedded import EmbeddedError, servers, var_dir


def main(arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: python -m pipeline.embedded -- COMMAND…", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with servers(var_dir()) as urls:
            child = subprocess.Popen(command, env=os.environ | urls)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the command as well
            signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
            return child.wait()
    except EmbeddedError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
