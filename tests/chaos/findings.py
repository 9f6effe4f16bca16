"""What a part of the chaos is found to have come to."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Figures to be printed, and invariants in words, each with whether it is broken."""

    figures: list[str]
    broken: dict[str, bool]
