"""Settings of drf-spectacular: what the document says of the API as a whole, and how it is put together."""

from typing import Any

from pipeline.schema.components import COMPONENTS

ABOUT = """\
Fine-tune language models with LoRA, and know what a run costs before it starts.

**Answers.** Success is `{"success": true, "data": …}`, failure `{"error": "…", "details": …}`. Of bad input, `details`
maps dotted paths of fields to messages. Another user's object looks like none: 404. A method that an address does not
have is a 405.

**Signing in.** Scripts send `Authorization: Bearer pl_…`, with a token from the account page. Pages of this site use
their session, and send `X-CSRFToken` with whatever changes something.

**Limits.** Too many requests are a 429; `Retry-After` says when to come back. What would exceed your quota is a 409.
"""

TAGS = [
    {"name": "Data sets", "description": "Files to train on: sent, read through, corrected."},
    {"name": "Estimates", "description": "What a run would cost, and whether it fits into memory."},
    {"name": "Jobs", "description": "Runs: started, watched, stopped, and their adapters."},
]

SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Pipeline",
    "VERSION": "1",
    "DESCRIPTION": ABOUT,
    "TAGS": TAGS,
    "SCHEMA_PATH_PREFIX": "/api",
    "SERVE_INCLUDE_SCHEMA": False,
    "APPEND_COMPONENTS": COMPONENTS,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["pipeline.schema.links.add_links"],
}
