"""What an attempt costs while it runs, and when its budget will be spent."""

import time
from decimal import Decimal

from django.conf import settings

from training.core.budget import STORAGE
from training.core.gpu_names import CPU, CUDA
from training.models import TrainingJob


class Bill:
    """Counts from the claim of a job to its trainer's end: loading and saving are paid for as well as training."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.device = ""
        """``cuda`` or ``cpu``, once the trainer runs."""
        self._began_at = time.monotonic()
        self._stopped_at: float | None = None
        self._cost_before = job.current_cost

    def stop(self) -> None:
        """The hardware is free again."""
        self._stopped_at = self._stopped_at or time.monotonic()

    def cost(self) -> Decimal:
        """US dollars for the time used so far, over all attempts; the device is known once the trainer runs."""
        if not self.device:
            return self._cost_before
        hours = Decimal((self._stopped_at or time.monotonic()) - self._began_at) / 3600
        return (self._cost_before + hourly_rate(self.job, self.device) * hours).quantize(Decimal("0.0001"))

    def cost_with_storage(self) -> Decimal:
        """The cost once what was produced is stored."""
        is_billed = self.device and hourly_rate(self.job, self.device)
        return self.cost() + STORAGE if is_billed else self.cost()

    def deadlines(self) -> dict[str, float]:
        """By device type, the Unix time at which ``max_cost`` will be spent; empty without one."""
        if self.job.max_cost is None:
            return {}
        left = self.job.max_cost - STORAGE - self._cost_before
        elapsed = time.monotonic() - self._began_at
        rates = {device: hourly_rate(self.job, device) for device in (CUDA, CPU)}
        return {device: time.time() - elapsed + float(left / rate) * 3600 for device, rate in rates.items() if rate > 0}


def hourly_rate(job: TrainingJob, device: str) -> Decimal:
    """US dollars an hour: on GPUs what the job was started with; a CPU that stands in has a price of its own."""
    return job.hourly_rate if device == CUDA else Decimal(str(settings.CPU_HOURLY_RATE))
