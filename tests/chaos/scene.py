"""What jobs need to be there, and how they are asked for over HTTP. Sets Django up."""

import json
import subprocess
import sys
import urllib.request
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django has to be set up first
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402

from datasets import validation  # noqa: E402
from datasets.services import dataset_upload  # noqa: E402
from pipeline.accounts.models import ApiToken  # noqa: E402
from tests.chaos.outages import Outages  # noqa: E402
from tests.chaos.people import People  # noqa: E402
from tests.chaos.stage import ROOT  # noqa: E402
from tests.training.trainer.conftest import conversations  # noqa: E402
from training.core.presets import PRESETS  # noqa: E402
from training.models import BaseModel  # noqa: E402

HYPERPARAMETERS = PRESETS["fast"].hyperparameters.to_dict() | {"batch_size": 2, "epochs": 4}


class Scene:
    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"

    def prepare(self) -> None:
        """A migrated database, the tiny model, a user with a token, and a validated data set."""
        model = settings.MODELS_DIR / "tiny"
        program = str(ROOT / "tests" / "tiny_model.py")
        subprocess.run([sys.executable, program, str(model)], cwd="/", check=True, stderr=subprocess.DEVNULL)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", "--noinput", verbosity=0)
        BaseModel.objects.filter(is_default=True).update(source="tiny", name="example/tiny")
        user = get_user_model().objects.create_user("chaos")
        self._token = ApiToken.objects.create(user)[1]
        data = "".join(json.dumps(row) + "\n" for row in conversations(60)).encode()
        self.dataset = dataset_upload(user=user, name="Chaos", file=ContentFile(data, name="c.jsonl"))
        validation.validate(self.dataset.pk)

    def people(self, outages: Outages, seed: int) -> People:
        """They work on data sets of their own, and ask for the price of this one."""
        return People(self._address, self._token, str(self.dataset.pk), outages, seed)

    def create_job(self, *, key: str = "", **hyperparameters: float) -> str:
        """The id of the new job. Raises OSError (with HTTP's errors) when it was not answered with 201."""
        body = {
            "dataset_id": str(self.dataset.pk),
            "preset_id": "custom",
            "gpu_config": {"type": "A100-80GB", "count": 1},
            "hyperparameters": HYPERPARAMETERS | hyperparameters,
            "estimated_cost": 1.0,
        }
        return str(self.post("", body, **{"Idempotency-Key": key} if key else {})["id"])

    def post(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """The ``data`` of the answer."""
        headers |= {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self._address}/api/jobs{path}", data=json.dumps(body).encode(), headers=headers
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
        return data
