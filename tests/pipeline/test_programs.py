"""Programs are followed and ended as groups; the Procfile's commands see the environment as it is."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from pipeline.processes import Processes
from pipeline.programs import Program


def follow(program):
    lines = []
    while not program.is_over:
        if (line := program.next_line(timeout=0.1)) is not None:
            lines.append(line.decode().strip())
    return lines


def python(code, cwd):
    return Program([sys.executable, "-c", code], cwd=cwd)


def test_all_that_was_said_is_read_before_it_is_over(tmp_path):
    program = python("for n in range(2000): print(n)", tmp_path)
    assert follow(program) == [str(number) for number in range(2000)]
    assert program.returncode == 0


def test_children_that_are_left_behind_end_with_it(tmp_path):
    child = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True)"
    (pid,) = follow(python(child, tmp_path))
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_once_reaped_its_number_is_killed_no_more(tmp_path, monkeypatch):
    """By then it may be another program's."""
    killed = []
    real = os.killpg
    monkeypatch.setattr(os, "killpg", lambda pid, number: (killed.append(_is_reaped(pid)), real(pid, number)))
    program = python("pass", tmp_path)
    follow(program)
    assert program.is_over
    program.kill()
    program.terminate()
    assert killed == [False]


def _is_reaped(pid):
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def test_the_signal_that_ended_it_is_known(tmp_path):
    program = python("import time; time.sleep(60)", tmp_path)
    program.kill()
    assert program.returncode == -signal.SIGKILL
    program.write(b"too late")


@pytest.mark.parametrize("name", ["PIPELINE", "PIPELINE_H", "P", "HOST", "PIPELINE_HOST_NAME"])
def test_a_variable_whose_name_begins_alike_does_not_get_into_a_command(tmp_path, name, capfd):
    environment = os.environ | {"PIPELINE_HOST": "127.0.0.1", name: "wrong"}
    script = "import sys; print(sys.argv[1:])"
    command = f"{sys.executable} -c '{script}' $PIPELINE_HOST ${{PIPELINE_HOST}} $NOWHERE"
    processes = Processes({"echo": command}, environment=environment, directory=tmp_path)
    assert processes.wait(tick=lambda: None) == "echo"
    processes.stop()
    time.sleep(0.1)
    assert "['127.0.0.1', '127.0.0.1', '$NOWHERE']" in capfd.readouterr().out
