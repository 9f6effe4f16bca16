"""The project's settings, with more addresses."""

from pipeline.settings import *  # noqa: F403

ROOT_URLCONF = "tests.e2e.broken.urls"
