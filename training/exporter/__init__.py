"""The export program: an adapter made into what other programs load, and held against it. PyTorch, no Django.

Started from the folder above this one as ``python program.py exporter JOB.json``. Others import only ``protocol``.
"""
