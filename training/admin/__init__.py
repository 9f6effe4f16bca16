"""The admin of training: catalogues are edited here; jobs are read here, and their verbs are actions."""

from training.admin import catalogue, jobs, measurements, records, workers

__all__ = ["catalogue", "jobs", "measurements", "records", "workers"]
