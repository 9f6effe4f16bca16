"""The evaluation program: base and adapter on the held-out rows, with identical settings. PyTorch, no Django.

Started from the folder above this one as ``python program.py evaluator JOB.json``. Others import only ``protocol``.
"""
