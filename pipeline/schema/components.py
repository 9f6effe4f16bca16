"""What every operation's description refers to: the two envelopes, each failure, headers, ways to sign in."""

from typing import Any

Schema = dict[str, Any]

TOKEN, SESSION, CSRF = "token", "session", "csrf"
"""Ways to sign in: a token; or a browser's session, which has to prove for changes that its own page asks for them."""


def ref(kind: str, name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def nullable(*schemas: Schema) -> Schema:
    """One of these, or null."""
    return {"anyOf": [*schemas, {"type": "null"}]}


def success(data: Schema) -> Schema:
    """The envelope of success, with that in it."""
    return {"allOf": [ref("schemas", "Success"), {"type": "object", "properties": {"data": data}}]}


def failure(*details: Schema) -> Schema:
    """The envelope of failure, with details of one of these kinds, or none."""
    if not details:
        return ref("schemas", "Failure")
    return {
        "allOf": [
            ref("schemas", "Failure"),
            {"type": "object", "properties": {"details": nullable(*details)}},
        ]
    }


TEXT: Schema = {"type": "string"}
SCHEMAS: Schema = {
    "Success": {
        "type": "object",
        "description": "The envelope of every answer that is not a failure.",
        "properties": {"success": {"const": True}, "data": {"description": "What was asked for."}},
        "required": ["success", "data"],
    },
    "Failure": {
        "type": "object",
        "description": "The envelope of every failure.",
        "properties": {
            "error": {"type": "string", "minLength": 1, "description": "What is wrong, in words."},
            "details": {"description": "More of it, where there is more to say."},
        },
        "required": ["error"],
    },
    "FieldErrors": {
        "type": "object",
        "description": "Fields of the request, as dotted paths, each with what is wrong with it.",
        "additionalProperties": {"type": "array", "items": TEXT, "minItems": 1},
        "examples": [{"gpu_config.count": ["Ensure this value is less than or equal to 8."]}],
    },
}

HEADERS: Schema = {
    "RetryAfter": {
        "description": "Seconds after which the same request may succeed.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWWAuthenticate": {"description": "How to sign in.", "schema": TEXT},
    "Allow": {"description": "The methods that the address has.", "schema": TEXT},
}


def _failure(description: str, *details: Schema, **headers: str) -> Schema:
    answer: Schema = {"description": description, "content": {"application/json": {"schema": failure(*details)}}}
    if headers:
        named = {name.replace("_", "-"): ref("headers", component) for name, component in headers.items()}
        answer["headers"] = named
    return answer


BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = "BadRequest", "Unauthorized", "Forbidden", "NotFound"
CONFLICT, TOO_LARGE, UNSUPPORTED = "Conflict", "TooLarge", "UnsupportedMediaType"
TOO_MANY, SERVER_ERROR = "TooManyRequests", "ServerError"
UNAVAILABLE, NO_ROOM = "Unavailable", "InsufficientStorage"

RESPONSES: Schema = {
    BAD_REQUEST: _failure("The request is not valid.", ref("schemas", "FieldErrors"), TEXT),
    UNAUTHORIZED: _failure("Nobody is signed in, or the token is not valid.", WWW_Authenticate="WWWAuthenticate"),
    FORBIDDEN: _failure("A session's request without the header `X-CSRFToken`, or something that you may not do."),
    NOT_FOUND: _failure("There is none, or it is another user's."),
    "MethodNotAllowed": _failure("The address does not have this method.", Allow="Allow"),
    CONFLICT: _failure("It cannot be done as things stand: `error` or `details` say why.", TEXT),
    TOO_LARGE: _failure("More was sent than is taken.", ref("schemas", "FieldErrors"), TEXT),
    UNSUPPORTED: _failure("The body is of a type that the address does not take."),
    TOO_MANY: _failure("Too many requests. Ask again once `Retry-After` is over.", TEXT, Retry_After="RetryAfter"),
    SERVER_ERROR: _failure("Something went wrong on the server's side. It has been logged."),
    UNAVAILABLE: _failure("The database is away, or storage cannot be written to.", Retry_After="RetryAfter"),
    NO_ROOM: _failure("The server's disk is full: nothing was stored.", Retry_After="RetryAfter"),
}
"""Every failure, by name. No operation can answer 405: it stands here for those that are not described."""

SECURITY: Schema = {
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from the account page: `Authorization: Bearer pl_…`",
    },
    SESSION: {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "The session of a browser."},
    CSRF: {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "Beside a session, for whatever changes something: the value of the cookie `csrftoken`.",
    },
}

COMPONENTS: Schema = {
    "schemas": SCHEMAS,
    "responses": RESPONSES,
    "headers": HEADERS,
    "securitySchemes": SECURITY,
}
