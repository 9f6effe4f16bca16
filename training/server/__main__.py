"""``program.py server --model FOLDER --id NAME (--socket PATH | --port N)``: serve a base model and its adapters.

Says one line on standard output: ``ready``, or ``failed`` and why. It lives until its standard input closes.
"""

import os
import signal
import sys

from training.trainer.guard import DEFAULTS

from .starter import end_with_starter

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C, without a traceback
end_with_starter()
for name, value in DEFAULTS.items():
    os.environ.setdefault(name, value)

from .program import main  # noqa: E402 - what it loads takes long, and reads the environment

sys.exit(main(sys.argv[1:]))
