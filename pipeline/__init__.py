"""The project package: settings, URLs, Celery, and everything that must know every app."""

from pipeline.celery import app as celery_app

__all__ = ["celery_app"]
