"""Why a job was not started, as the JSON API answers it."""

from rest_framework import status as http

from pipeline.api import Problem
from training.jobs import data_fits, start
from training.jobs.base_models import CannotBeLoaded
from training.jobs.data import DatasetNotReady
from training.jobs.idempotency import KeyReused
from training.web.answers import refusal_data
from training.web.data_fits import REFUSALS as DATA_REFUSALS
from training.web.data_fits import lost_data

REFUSALS = (DatasetNotReady, start.NoBaseModel, CannotBeLoaded, start.DoesNotFit, KeyReused, *DATA_REFUSALS)


def refusal(error: Exception) -> Problem:
    """The answer to one of REFUSALS."""
    match error:
        case DatasetNotReady():
            return Problem("Dataset not ready for training", str(error))
        case CannotBeLoaded():
            return Problem("The base model cannot be loaded", str(error), status=http.HTTP_409_CONFLICT)
        case start.DoesNotFit():
            details = {"message": str(error)} | refusal_data(error.fit, error.remedies)
            return Problem("Does not fit into GPU memory", details, status=http.HTTP_409_CONFLICT)
    return _data_refusal(error)


def _data_refusal(error: Exception) -> Problem:
    match error:
        case data_fits.BeingChecked():
            details = {"message": str(error), "status": error.fit.status, "progress": error.fit.progress}
            wait = data_fits.LOOK_AGAIN_SECONDS
            return Problem("The data set is being checked", details, status=http.HTTP_409_CONFLICT, wait=wait)
        case data_fits.RowsLost():
            details = {"message": str(error)} | lost_data(error.fit)
            details["to_start_all_the_same"] = {"allow_dropped_rows": True}
            return Problem("Rows would be lost", details, status=http.HTTP_409_CONFLICT)
        case data_fits.NothingLeft():
            return Problem("Nothing to train on", {"message": str(error)} | lost_data(error.fit))
        case data_fits.CheckFailed():
            return Problem("The data set could not be checked", str(error), status=http.HTTP_409_CONFLICT)
    return Problem("Failed to create training job", str(error), status=http.HTTP_409_CONFLICT)
