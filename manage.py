#!/usr/bin/env python
"""Django's command line for the project, as ``python -m pipeline`` is."""

from pipeline.__main__ import main

if __name__ == "__main__":
    main()
