"""The JSON API described by OpenAPI, from its views: what every operation has in common is said here, once."""
