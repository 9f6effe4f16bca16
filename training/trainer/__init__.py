"""The training program: PyTorch, Transformers and PEFT in a process of its own.

Started from the folder above this one as ``python -m trainer JOB.json``, so that the project root, whose package
``datasets`` has the name of a Hugging Face library, is not on its path. Others import only ``protocol``
and ``history``.
"""

import logging

logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it names kernels that it could use whenever it is imported
