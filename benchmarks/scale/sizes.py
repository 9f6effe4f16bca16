"""How many rows of each kind a history of so many jobs has."""

from dataclasses import dataclass
from typing import Any

SMALL = 1_000


@dataclass(frozen=True)
class Sizes:
    """Ada, who looks, has all of 1,000 jobs, and a hundredth of more; workers and her data sets are as many in both."""

    jobs: int

    @property
    def share(self) -> int:
        """Every so many-th job is Ada's."""
        return 1 if self.jobs <= SMALL else 100

    @property
    def waiting(self) -> int:
        """Jobs in the queues: a page full of them, and 20,000 of a million."""
        return max(60, self.jobs // 50)

    @property
    def claimed(self) -> int:
        """Jobs that are being worked on."""
        return 4

    def names(self) -> dict[str, Any]:
        """For SQL."""
        return {
            "jobs": self.jobs,
            "kind": "((i + i / 100) % 20)",  # of twenty jobs of anybody's, Ada's as well
            "share": self.share,
            "waiting": self.waiting,
            "claimed": self.claimed,
            "others": max(200, self.jobs // 1000),
            "datasets": max(200, self.jobs // 100),
            "own_datasets": 50,
            "with_curves": max(20, self.jobs // 1000),
        }
