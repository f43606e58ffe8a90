from __future__ import annotations

import subprocess
import sys
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from chapbook_core.engine import attached
from chapbook_core.engine.attached import ATTACHED, start_attached

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_OWNER = """
import os, sys, time
from pathlib import Path
from chapbook_core.engine.attached import start_attached
program = "import os, sys; from pathlib import Path; Path('words').write_text(sys.argv[1]); "
program += "os.read(0, 1); Path('ended').touch()"
start_attached([sys.executable, "-c", program], Path(sys.argv[1]))
while not Path(sys.argv[1], "words").exists():
    time.sleep(0.01)
os._exit(0)
"""


def test_a_program_that_works_beside_the_engine_sees_its_end(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _OWNER, str(tmp_path)], check=True, timeout=30)
    ended = tmp_path / "ended"
    wait = f"import time, os\nwhile not os.path.exists({str(ended)!r}): time.sleep(0.01)"
    subprocess.run([sys.executable, "-c", wait], check=True, timeout=30)
    assert (tmp_path / "words").read_text() in {ATTACHED, ""}


def test_a_thread_that_cannot_begin_is_no_problem_of_the_command_and_the_next_one_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(attached, "_starters", [])
    monkeypatch.setattr(attached, "_due", SimpleQueue())
    monkeypatch.setattr(attached, "_start", lambda words, _folder: started.put(words[0]))

    def refuse(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patches:
        patches.setattr(Thread, "start", refuse)
        start_attached(["first"], tmp_path)
    start_attached(["second"], tmp_path)
    assert ["first", "second"] == [started.get(timeout=10) for _ in range(2)]
