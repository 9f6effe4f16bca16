"""``python program.py NAME …``: run one of the programs of this folder: ``evaluator``, ``exporter``, ``server``.

This folder alone is made the package ``training``, without what lies above it: in the project root our package
``datasets`` has the name of a Hugging Face library.
"""

import runpy
import sys
from pathlib import Path
from types import ModuleType


def main(name: str) -> None:
    """Run the module of that name, with the rest of the command line as its arguments."""
    make_package()
    sys.argv[:2] = [name]
    runpy.run_module(f"training.{name}", run_name="__main__", alter_sys=True)


def make_package() -> None:
    """Have this folder imported as ``training``, and by no other name."""
    folder = str(Path(__file__).resolve().parent)
    sys.path = [path for path in sys.path if path != folder]  # its packages are not ones of their own
    package = ModuleType("training")
    package.__path__ = [folder]
    sys.modules["training"] = package


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python program.py NAME JOB.json (or the server's options)")
    main(sys.argv[1])
