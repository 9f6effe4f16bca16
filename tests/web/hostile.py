"""``python -m tests.web.hostile --requests 20000``: the tests' hostile requests, as many as one likes, counted."""

import argparse
import os
import sys
from pathlib import Path

import pytest

REQUESTS, SEED = "PIPELINE_HOSTILE_REQUESTS", "PIPELINE_HOSTILE_SEED"
"""Environment variables: how many, and which."""
BOUNDED = 1600
"""Requests in ``make test``."""
TESTS = Path(__file__).with_name("test_hostile_requests.py")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.web.hostile", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="another one makes up other requests")
    asked = parser.parse_args()
    os.environ |= {REQUESTS: str(asked.requests), SEED: str(asked.seed)}
    return int(pytest.main(["-n0", "-q", "-s", "--no-header", "--show-capture=no", str(TESTS)]))


if __name__ == "__main__":
    sys.exit(main())
