"""Store an adapter as a zip that can be downloaded."""

import hashlib
import tempfile
import zipfile
from pathlib import Path

from django.core.files import File
from django.utils.text import slugify

from training.models import Artifact, TrainingJob

FOLDER = "adapters"


def store(job: TrainingJob, directory: Path, kind: Artifact.Kind) -> Artifact:
    """Zip ``directory`` (an adapter of the trainer's) into Django's storage.

    The artifact is not saved yet: it belongs to the job only with the move that ends its attempt.
    """
    name = f"{slugify(job.dataset.name) or 'adapter'}-{str(job.pk)[:8]}"
    if kind == Artifact.Kind.PARTIAL:
        name += "-partial"
    with tempfile.TemporaryFile() as file:
        # Weights do not compress: storing them as they are is many times faster.
        with zipfile.ZipFile(file, "w", compression=zipfile.ZIP_STORED) as archive:
            for path in sorted(directory.rglob("*")):
                if path.is_file():
                    archive.write(path, arcname=f"{name}/{path.relative_to(directory)}")
        size = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        stored = Artifact.file.field.storage.save(f"{FOLDER}/{job.pk}-{job.attempt}-{kind}.zip", File(file))
    return Artifact(job=job, kind=kind, file=stored, file_name=f"{name}.zip", size=size, sha256=digest)
