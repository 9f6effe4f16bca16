"""How the web is served: no client holds a thread, neither by sending slowly nor by reading slowly.

``python -m pipeline.serving`` is the one command for it. Granian speaks HTTP; ``front`` takes a request in whole, has
the WSGI application answer it in one of a few threads, and sends what it said at the client's pace. Own code rather
than a server with threads: those that are well kept lend a thread to each body that comes in (Granian, Gunicorn), or
look at every connection whenever one of them stirs (Waitress; ``benchmarks/README.md``).
"""
