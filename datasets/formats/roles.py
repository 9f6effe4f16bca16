"""Who speaks: the names that roles go by. Pure."""

from collections.abc import Mapping

SYSTEM, USER, ASSISTANT, TOOL = "system", "user", "assistant", "tool"
TOOL_CALL = "tool_call"
"""An assistant's turn that is written as nothing but the call, in JSON."""
ROLES = {
    SYSTEM: SYSTEM, "developer": SYSTEM,
    USER: USER, "human": USER,
    ASSISTANT: ASSISTANT, "gpt": ASSISTANT, "chatgpt": ASSISTANT, "bing": ASSISTANT, "bard": ASSISTANT,
    "model": ASSISTANT,
    TOOL: TOOL, "function": TOOL, "ipython": TOOL, "observation": TOOL, "environment": TOOL, "tool_response": TOOL,
    "tool_result": TOOL, "function_response": TOOL,
    TOOL_CALL: TOOL_CALL, "function_call": TOOL_CALL,
}  # fmt: skip
"""Name -> role."""
MEANINGS = (SYSTEM, USER, ASSISTANT, TOOL, TOOL_CALL)
"""What another name may be mapped to."""
MAPPED = "role:"
"""Before a role's other name, among a mapping's keys: ``{"role:bot": "assistant"}``."""


def role_of(name: object, mapping: Mapping[str, str]) -> str | None:
    """One of MEANINGS; ``None`` where it is not known what the name means.

    Args:
        name: as it stands in the row; case does not count for the names in ROLES.
        mapping: the data set's, whose keys with MAPPED come first.
    """
    if not isinstance(name, str):
        return None
    return mapping.get(MAPPED + name) or ROLES.get(name) or ROLES.get(name.strip().lower())
