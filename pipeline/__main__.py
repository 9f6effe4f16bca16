"""``pipeline``, also as ``python -m pipeline``: Django's commands, and ``run``: everything on this machine."""

import os
import sys

from django.core.management import execute_from_command_line

from pipeline import launcher


def main() -> None:
    """What the command line asks for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
    if sys.argv[1:] == ["run"]:
        sys.exit(launcher.main())
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
