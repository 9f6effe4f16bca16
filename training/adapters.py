"""Store a finished adapter as a zip that can be downloaded."""

import hashlib
import tempfile
import zipfile
from pathlib import Path

from django.core.files import File
from django.utils.text import slugify

from training.models import Artifact, TrainingJob


def store(job: TrainingJob, directory: Path) -> Artifact:
    """Zip ``directory`` (the trainer's adapter) and put it into Django's storage as the job's artifact."""
    name = f"{slugify(job.dataset.name) or 'adapter'}-{str(job.pk)[:8]}"
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
        artifact, _ = Artifact.objects.update_or_create(
            job=job,
            kind=Artifact.Kind.ADAPTER,
            defaults={
                "file": File(file, name=f"{job.pk}-{job.attempt}.zip"),
                "file_name": f"{name}.zip",
                "size": size,
                "sha256": digest,
            },
        )
    return artifact
