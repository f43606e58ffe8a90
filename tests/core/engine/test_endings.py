"""How engines end, and what they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.core.engine.conftest import files
from tests.fakes.engine import PATIENCE, EngineProcess, is_alive, wait_until
from tests.fakes.index.reply_faults import hang

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.index import FakeIndex


def test_it_ends_with_its_input_and_takes_back_what_it_was_at(
    engine: EngineProcess, project: Path, index: FakeIndex
) -> None:
    index.serve("a", "1.0")
    index.faults.always("/simple/a/", hang())
    before = files(project)
    engine.run("add", "a", "--lock", cwd=project)
    engine.event("progress")
    engine.end_of_input()
    assert engine.process.wait(PATIENCE) == 0
    assert files(project) == before


def test_it_ends_when_it_is_told_to(engine: EngineProcess) -> None:
    assert engine.reply(engine.send("end"))["result"] == {}
    assert engine.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_at_a_signal(engine: EngineProcess, number: int) -> None:
    # It answers when it listens to signals.
    engine.reply(engine.send("cancel", target=0))
    engine.process.send_signal(number)
    assert engine.process.wait(PATIENCE) == 0


STRUCK = """
import os, signal, sys
from chapbook_core.engine.life import Life
from chapbook_core.engine.serving import serve

class Engine:
    def read(self, inlet):
        os.read(inlet, 1)

    def is_quiet(self):
        return False

    def end(self):
        print("ended")

left = [signal.SIGTERM]

def now():
    # It is asked what time it is while it holds a lock.
    if left and signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        os.kill(os.getpid(), left.pop())
    return 0.0

sys.exit(serve(Engine(), Life(now=now), 0))
"""


def test_a_signal_in_the_middle_of_anything_ends_it() -> None:
    words = [sys.executable, "-c", STRUCK]
    said = subprocess.check_output(words, stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE)
    assert said == "ended\n"


def test_an_interrupt_is_not_its_business(engine: EngineProcess, project: Path) -> None:
    engine.reply(engine.run("version", cwd=project))
    engine.process.send_signal(signal.SIGINT)
    assert "result" in engine.reply(engine.run("version", cwd=project))


def test_it_ends_when_nothing_happens_for_long(variables: dict[str, str]) -> None:
    with EngineProcess(variables, "--idle", "0.3") as engine:
        engine.event("hello")
        assert engine.process.wait(PATIENCE) == 0


def test_it_ends_when_its_parent_was_killed_though_somebody_holds_the_pipe(variables: dict[str, str]) -> None:
    program = (
        "import os, subprocess, sys, time\n"
        "read, write = os.pipe()\nos.set_inheritable(write, True)\n"
        "engine = subprocess.Popen([sys.executable, '-m', 'chapbook_core.engine'], stdin=read, "
        "stdout=subprocess.PIPE, start_new_session=True)\n"
        "holder = subprocess.Popen(['sleep', '600'], close_fds=False)\n"
        "engine.stdout.readline()\nprint(engine.pid, holder.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], env=variables, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, holder = map(int, parent.stdout.readline().split())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        assert wait_until(lambda: not is_alive(pid))
    finally:
        os.kill(holder, signal.SIGKILL)


def test_a_killed_engine_leaves_a_project_that_the_next_one_mends(
    variables: dict[str, str], project: Path, index: FakeIndex
) -> None:
    index.serve("a", "1.0")
    index.faults.always("*.whl", hang())
    with EngineProcess(variables) as engine:
        engine.run("add", "a", cwd=project)
        engine.until(lambda message: message.get("event") == "progress" and message["task"] != "index")
        engine.process.kill()
        engine.process.wait()
    index.faults.clear()
    with EngineProcess(variables) as engine:
        assert engine.reply(engine.run("add", "a", cwd=project))["result"]["exit_status"] == 0
