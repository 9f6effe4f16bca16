"""The WSGI application, which the front hands requests to once they are whole."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
django.setup(set_prefix=False)

from pipeline.handler import Handler  # noqa: E402 - Django has to be set up first

application = Handler()
