"""The inference servers that a site has started."""

import subprocess


def server_processes(model):
    """Process ids of those that answer for the tests' own copy of a model."""
    listing = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 1) for line in listing.splitlines()]
    return [int(pid) for pid, args in lines if "program.py server" in args and str(model) in args]
