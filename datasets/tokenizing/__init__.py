"""Read a data set once, from end to end: check every row, tokenize it, and write what a trainer reads.

A program of its own (``python -m datasets.tokenizing``, without Django), started and followed by ``program``: so it
may use every core whatever process asks for it, has a limit on its memory, and can be killed at any time. It works
in numbered ``parts``, each whole or not there, and continues after the last one that is there.
"""
