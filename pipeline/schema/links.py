"""What leads on from an answer: the id of what was made goes into the addresses below the one that it was made at."""

from collections.abc import Iterator
from typing import Any

from pipeline.schema.components import Schema


def add_links(result: Schema, **_: Any) -> Schema:
    """A hook of drf-spectacular: each 201 gets a link to every operation on what was created."""
    paths: Schema = result["paths"]
    for path, operations in paths.items():
        created = operations.get("post", {}).get("responses", {}).get("201")
        if created and (links := dict(_links(paths, path))):
            created["links"] = links
    return result


def _links(paths: Schema, collection: str) -> Iterator[tuple[str, Schema]]:
    for path, operations in paths.items():
        below = path.removeprefix(f"{collection}/")
        name, _, rest = below.partition("}")
        if below == path or not name.startswith("{") or "{" in rest:
            continue
        for operation in operations.values():
            of_id = {"operationId": operation["operationId"], "parameters": {name[1:]: "$response.body#/data/id"}}
            yield operation["operationId"], of_id
