"""The API does what its description says: each answer of the tests is held against it, and schemathesis tries it."""
