"""Finished adapters, used: their files on this host, the server that answers with them, and how it is asked."""
