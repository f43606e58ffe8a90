from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from chapbook_core.process_group import kill_group, signal_group
from tests.fakes.engine import is_alive, wait_until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="groups are those of POSIX")
_STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: None)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_signal_reaches_what_was_started_and_killing_leaves_nothing() -> None:
    words = [sys.executable, "-c", _STUBBORN]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as program:
        assert program.stdout is not None
        started = int(program.stdout.readline())
        signal_group(program, signal.SIGTERM)
        # What it has started has no such handler.
        assert wait_until(lambda: not is_alive(started))
        assert program.poll() is None
        kill_group(program)
        assert program.wait(10) == -signal.SIGKILL


def test_a_group_that_has_gone_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as program:
        program.wait(10)
        kill_group(program)
        signal_group(program, signal.SIGTERM)
