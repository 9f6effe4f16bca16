"""Stored files on their way out."""

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404


def download(field: FieldFile, name: str, *, content_type: str = "application/octet-stream") -> FileResponse:
    """A stored file under the name that it had. Raises Http404 where it is no longer in storage."""
    try:
        file = field.open("rb")
    except FileNotFoundError as error:
        raise Http404("The file is no longer in storage. Upload it again.") from error
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
