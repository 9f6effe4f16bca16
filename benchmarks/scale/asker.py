"""Answers, line by line, how long a question took: one process for each database, so that both are asked in turn.

``python -m benchmarks.scale.asker JOBS``: a line of names first; then for each name that is read, a line of JSON.
"""

import json
import logging
import os
import sys
import time
import traceback

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
django.setup()
logging.disable(logging.ERROR)

from django.core.management import call_command  # noqa: E402 - after django.setup()

from benchmarks.scale.questions import Question, Questions, queries  # noqa: E402


def main(jobs: int) -> None:
    call_command("collectstatic", "--noinput", verbosity=0)
    questions = Questions(jobs).all()
    print(json.dumps(list(questions)), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        question = questions[asked["name"]]
        if asked["count"]:
            print(json.dumps(queries(question)), flush=True)
            continue
        print(json.dumps(timed(question)), flush=True)


def timed(question: Question) -> tuple[float, int]:
    """Milliseconds, and the status; 500 of what fails, whose line says so."""
    began = time.perf_counter()
    try:
        status = question()
    except Exception:  # noqa: BLE001 - the next questions are to be asked as well
        traceback.print_exc()
        status = 500
    return (time.perf_counter() - began) * 1000, status


if __name__ == "__main__":
    main(int(sys.argv[1]))
