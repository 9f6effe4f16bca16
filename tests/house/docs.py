"""``make picture``: renew what the documentation says of the code: imports, hyperparameters, chat templates.

Each stands between two comments of its name, and a test fails when it is out of date.
"""

import re
import sys
from pathlib import Path

from tests.datasets.matrix import table
from tests.house.picture import mermaid
from tests.house.source import ROOT
from training.core.hyperparameters import LIMITS, number


def hyperparameters() -> str:
    """The table of docs/api.md."""
    rows = [
        f"| `hyperparameters.{name}`{' (optional)' if limit.is_optional else ''} | {number(limit.minimum)} to "
        f"{number(limit.maximum)} | {limit.help} |"
        for name, limit in LIMITS.items()
    ]
    return "\n".join(["| hyperparameter | range | what it does |", "|---|---|---|", *rows])


BLOCKS = {
    ROOT / "docs" / "architecture.md": ("imports", mermaid),
    ROOT / "docs" / "api.md": ("hyperparameters", hyperparameters),
    ROOT / "docs" / "datasets.md": ("templates", table),
}


def renewed(page: Path) -> str:
    """The page with its block as it has to be."""
    name, make = BLOCKS[page]
    pattern = re.compile(rf"(<!-- {name}: made by make picture -->\n).*?(\n<!-- end of {name} -->)", re.S)
    text, count = pattern.subn(lambda found: f"{found[1]}{make()}{found[2]}", page.read_text())
    if count != 1:
        raise ValueError(f"{page} has {count} blocks named {name}, and must have one")
    return text


def main() -> int:
    """Write every page anew."""
    for page in BLOCKS:
        page.write_text(renewed(page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
