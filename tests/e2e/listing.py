"""Processes of ours, by what they were started with."""

import subprocess


def processes(*words):
    """Ids of those whose command lines have all of these in them."""
    listing = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listing.splitlines() if all(str(word) in line for word in words)]


def server_processes(model):
    """The inference servers of the tests' own copy of a model."""
    return processes("program.py server", model)
