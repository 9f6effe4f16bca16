"""``python -m pipeline.embedded -- python -m benchmarks.scale``: 1,000 jobs against a million, page by page.

Makes a database for each size (about four minutes for a million), asks both the same in turn, and prints medians,
ratios and numbers of queries. A line is marked where the large one takes more than 1.5 times as long (an estimate: 1.3)
or asks more queries. ``--large N`` tries with fewer; ``--keep`` takes the databases of the last time; ``--only TEXT``
asks what has it in its name.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.scale.sizes import SMALL

MOST, MOST_OF_AN_ESTIMATE = 1.5, 1.3
WARM_UP = 3
OK = {200, 302}
ONCE_MORE = 1
"""A list of the admin with more rows than can be turned to asks when the last of those was made."""
LEAST = 0.3
"""Milliseconds: so little more is noise, whatever the ratio."""
GENEROUS = {f"PIPELINE_RATE_{name}": "1000000/min" for name in ("API", "ESTIMATES", "JOBS", "UPLOADS", "SIGN_IN")}


class Asked:
    """The process that asks one database."""

    def __init__(self, jobs: int) -> None:
        self.process: Any = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scale.asker", str(jobs)], env=environment(jobs), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.names: list[str] = json.loads(self.process.stdout.readline())

    def tell(self, name: str, *, count: bool = False) -> Any:
        self.process.stdin.write(json.dumps({"name": name, "count": count}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline() or "null")

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sizes = (SMALL, options.large)
    if not options.keep:
        for jobs in sizes:
            make(jobs)
    both = [Asked(jobs) for jobs in sizes]
    names = [name for name in both[0].names if options.only in name]
    print(f"{'median ms at':60}{SMALL:>10,}{options.large:>12,}   ratio  queries")
    above = [name for name in names if not compare(name, both, options.rounds)]
    for asked in both:
        asked.end()
    print(f"{len(names) - len(above)} of {len(names)} within their limits")


def compare(name: str, both: list[Asked], rounds: int) -> bool:
    """Ask in turn, print a line; whether it is within its limits."""
    for _ in range(WARM_UP):
        for asked in both:
            asked.tell(name)
    counts = [asked.tell(name, count=True) for asked in both]
    answers = [[asked.tell(name) for asked in both] for _ in range(rounds)]
    small, large = (statistics.median(answer[at][0] for answer in answers) for at in (0, 1))
    # Of pairs: what disturbs the machine disturbs both.
    ratio = statistics.median(second[0] / first[0] for first, second in answers)
    most = MOST_OF_AN_ESTIMATE if "estimate" in name else MOST
    statuses = {status for answer in answers for _, status in answer}
    is_constant = counts[1] - counts[0] <= (ONCE_MORE if name.startswith("/admin/") else 0)
    is_kept = (ratio <= most or large - small <= LEAST) and is_constant and statuses <= OK
    said = f"{counts[0]}" if len(set(counts)) == 1 else f"{counts[0]} -> {counts[1]}"
    wrong = "" if statuses <= OK else f"  answers {sorted(statuses)}"
    print(f"{name:60}{small:10.1f}{large:12.1f}{ratio:8.2f}  {said:8}{'' if is_kept else '!'}{wrong}", flush=True)
    return is_kept


def make(jobs: int) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {database(jobs)} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {database(jobs)}")
    subprocess.run([sys.executable, "-m", "benchmarks.scale.tables", str(jobs)], env=environment(jobs), check=True)


def database(jobs: int) -> str:
    return f"scale_{jobs}"


def environment(jobs: int) -> dict[str, str]:
    """With the address of that size's database."""
    url = os.environ["DATABASE_URL"]
    name = conninfo_to_dict(url)["dbname"]
    return os.environ | GENEROUS | {
        "DATABASE_URL": url.replace(f"/{name}", f"/{database(jobs)}", 1), "PIPELINE_METRICS_TOKEN": "benchmark",
    }  # fmt: skip


if __name__ == "__main__":
    main()
