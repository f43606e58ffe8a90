"""The corpus of bad wheels: each is refused in one sentence, twice, and nothing of it is left anywhere."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chapbook_core.installer.store import Store
from tests.fakes.wheels import corpus, numpy_like
from tests.faults.bad_wheels import Verdict, run

ITEMS = [case.item for case in corpus(Path("canary"))]
STORING = """\
import sys
from pathlib import Path
from chapbook_core.installer.store import Store
with Store(Path(sys.argv[1])) as store:
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    wheel = Path(sys.argv[2])
    sys.stdout.write(store.add(wheel, wheel.name).manifest.sha256)
"""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for verdict in run(tmp_path_factory.mktemp("corpus")):
        found.setdefault(verdict.case.item, []).append(verdict)
    return found


@pytest.mark.parametrize("item", ITEMS)
def test_a_wheel_of_the_corpus_gets_the_verdict_that_is_due(item: str, verdicts: dict[str, list[Verdict]]) -> None:
    found = verdicts[item]
    if not found[0].case.expected:
        assert [True] == [verdict.is_taken for verdict in found]
        return
    assert [(False, False), (False, False)] == [(verdict.is_taken, verdict.is_changed) for verdict in found]
    first, second = found
    assert first.message == second.message
    assert first.case.expected in first.message
    assert first.message.startswith(first.case.recipe.filename)
    assert "\n" not in first.message


def test_a_person_is_told_of_code_that_runs_at_every_start(verdicts: dict[str, list[Verdict]]) -> None:
    assert "good 1.0 runs code at every start of Python (`good.pth`)" == verdicts["W22"][0].message
    assert "good 1.0 runs code at every start of Python (`sitecustomize.py`)" == verdicts["W22b"][0].message


def storing(store: Path, wheel: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STORING, str(store), str(wheel)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_store_one_wheel_at_once(tmp_path: Path) -> None:
    wheel = numpy_like(200, 2000).write(tmp_path)
    processes = [storing(tmp_path / "store", wheel) for _ in range(2)]
    told = [process.communicate()[0] for process in processes]
    assert [0, 0] == [process.returncode for process in processes]
    assert told[0] == told[1]
    with Store(tmp_path / "store") as store:
        assert 1 == len(list(store.entries()))
        stored = store.find(told[0].split()[1])
        assert stored is not None
        store.verify(stored, is_thorough=True)
    assert [] == list((tmp_path / "store" / "workshops").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_store_survives_processes_that_are_killed_while_they_store(tmp_path: Path) -> None:
    wheel = numpy_like(400, 1000).write(tmp_path)
    killed = 0
    for attempt in range(20):
        process = storing(tmp_path / "store", wheel)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(attempt * 0.004)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with Store(tmp_path / "store") as store:
            for entry in list(store.entries()):
                stored = store.find(entry.sha256)
                assert stored is not None
                store.verify(stored, is_thorough=True)
                store.discard(entry.sha256)
    assert killed > 5
    with Store(tmp_path / "store") as store:
        store.verify(store.add(wheel, wheel.name), is_thorough=True)
    assert [] == list((tmp_path / "store" / "workshops").iterdir())
