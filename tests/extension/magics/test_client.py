from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook.magics import client
from chapbook.magics.client import Engine
from chapbook.magics.outcome import Interrupted
from tests.fakes.engine import is_alive, wait_until
from tests.fakes.index import FakeIndex
from tests.fakes.index.reply_faults import hang

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook.magics.wire import Message

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and groups are those of POSIX")
VERSIONS = ("3.8", "3.9", "3.11", "3.13")
PYTHONS = Path("~/.pyenv/versions").expanduser()
EXTENSION = Path(client.__file__).parents[2]


def python(version: str) -> str:
    """Find another Python; skip where there is none."""
    found = shutil.which(f"python{version}")
    known = sorted(PYTHONS.glob(f"{version}.*/bin/python"))
    if found is not None and subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode == 0:
        return found
    if not known:
        pytest.skip(f"there is no Python {version} here")
    return str(known[0])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder, home = tmp_path / "project", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "here"\nversion = "1.0"\nrequires-python = ">=3.9"\n', "utf-8"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(sys.executable)
    yield engine
    engine.stop()


def fake(tmp_path: Path, text: str) -> Engine:
    """Return a client of a program that only seems to be an engine."""
    file = tmp_path / "fake.py"
    file.write_text(
        "import json, os, sys, time\n"
        "def say(**message):\n    print(json.dumps(message), flush=True)\n"
        "def hello():\n    say(event='hello', protocol=1, version='1', pid=os.getpid())\n"
        "def requests():\n    for line in sys.stdin:\n        yield json.loads(line)\n" + text,
        "utf-8",
    )
    return Engine(sys.executable, (str(file),))


def interrupt_after(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def interrupt_when(mark: Path, *, times: int = 1) -> threading.Thread:
    """Interrupt this process when a file is there, and again a little later each time."""

    def interrupt() -> None:
        assert wait_until(mark.exists)
        for _ in range(times):
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread


def test_a_command_is_run(engine: Engine, project: Path) -> None:
    outcome = engine.run({"argv": ["version"], "cwd": str(project)})
    assert outcome.ok
    assert outcome.text == "here 1.0\n"
    assert outcome.project == str(project)


def test_an_error_is_an_outcome(engine: Engine, tmp_path: Path) -> None:
    outcome = engine.run({"argv": ["show"], "cwd": str(tmp_path)})
    assert not outcome.ok
    assert outcome.kind == "ProjectNotFound"
    assert outcome.hints


def test_status_and_completion(engine: Engine, project: Path) -> None:
    assert "here 1.0" in engine.status({"cwd": str(project)}).text
    assert engine.complete("remo", 4, {"cwd": str(project)}, patience=20) == (["remove"], 0)


def test_the_engine_does_not_share_what_misleads_it(
    engine: Engine, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert engine.run({"argv": ["version"], "cwd": str(project)}).ok


def test_a_killed_engine_is_told_of_and_started_anew(engine: Engine, project: Path) -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0")
        index.faults.always("/simple/a/", hang())
        variables = {**os.environ, "PIP_INDEX_URL": index.url}
        params = {"argv": ["add", "a", "--lock"], "cwd": str(project), "variables": variables}

        def kill(message: Message) -> None:
            if message["event"] == "progress" and engine.pid is not None:
                os.kill(engine.pid, signal.SIGKILL)

        outcome = engine.run(params, kill)
    assert outcome.kind == "EngineDied"
    assert "signal 9 during `add a --lock`" in outcome.message
    assert engine.run({"argv": ["version"], "cwd": str(project)}).ok


def test_an_engine_that_died_between_two_commands_is_told_of_by_the_second(engine: Engine, project: Path) -> None:
    params = {"argv": ["version"], "cwd": str(project)}
    engine.run(params)
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: engine.pid is None)
    events: list[Message] = []
    assert engine.run(params, events.append).ok
    assert "started again" in events[0]["text"]
    assert engine.run(params, events.append).ok
    assert len(events) == 1


def test_an_engine_that_ended_idle_is_started_anew_without_a_word(project: Path) -> None:
    engine = Engine(sys.executable, ("-P", "-m", "chapbook_core.engine", "--idle", "0.2"))
    params = {"argv": ["version"], "cwd": str(project)}
    events: list[Message] = []
    for _ in range(3):
        assert engine.run(params, events.append).ok
        # About when it ends: some requests meet it just before, some just after.
        time.sleep(0.7)
    assert events == []
    engine.stop()


def test_a_request_that_an_ending_engine_has_not_read_goes_to_the_next(tmp_path: Path) -> None:
    engine = fake(
        tmp_path,
        "import pathlib\nmark = pathlib.Path(__file__).with_name('mark')\nhello()\n"
        "if not mark.exists():\n    mark.touch()\n    sys.stdin.readline()\n    sys.exit(0)\n"
        "for request in requests():\n    say(id=request['id'], result={'exit_status': 0, 'text': 'second'})\n",
    )
    assert engine.run({"argv": ["x"], "cwd": "/"}).text == "second"
    engine.stop()


def test_an_engine_that_does_not_start_is_an_outcome_with_advice(tmp_path: Path) -> None:
    outcome = Engine(str(tmp_path / "nothing")).run({"argv": ["x"], "cwd": "/"})
    assert outcome.kind == "EngineNotStarted"
    assert "nothing" in outcome.text
    other = Engine(sys.executable, ("-m", "no_such_module")).run({"argv": ["x"], "cwd": "/"})
    assert other.kind == "EngineNotStarted"
    assert "No module named" in other.message
    assert "install Chapbook" in other.hints[0]


def test_another_protocol_says_to_restart_the_kernel(tmp_path: Path) -> None:
    engine = fake(tmp_path, "say(event='hello', protocol=99, version='9', pid=1)\nsys.stdin.read()\n")
    outcome = engine.run({"argv": ["x"], "cwd": "/"})
    assert outcome.kind == "EngineNotStarted"
    assert "restart the kernel" in outcome.message


def test_garbage_between_the_lines_is_passed_over(tmp_path: Path) -> None:
    engine = fake(
        tmp_path,
        "print('garbage'); hello()\nfor request in requests():\n    print('[1]'); print('{\"id\": [}')\n"
        "    os.write(1, b'\\xff\\n')\n    say(id=request['id'], event='notice', text='n')\n"
        "    say(id=77, result={})\n    say(id=request['id'], result={'exit_status': 0, 'text': 'good'})\n",
    )
    events: list[Message] = []
    assert engine.run({"argv": ["x"], "cwd": "/"}, events.append).text == "good"
    assert [event["text"] for event in events] == ["n"]
    engine.stop()


def test_a_slow_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SLOW_START", 0.1)
    engine = fake(
        tmp_path,
        "time.sleep(0.8)\nhello()\nfor request in requests():\n    say(id=request['id'], result={'exit_status': 0})\n",
    )
    events: list[Message] = []
    assert engine.run({"argv": ["x"], "cwd": "/"}, events.append).ok
    assert [event["event"] for event in events] == ["waiting"]
    engine.stop()


def test_an_engine_that_never_says_hello_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST_START", 0.3)
    outcome = fake(tmp_path, "time.sleep(60)\n").run({"argv": ["x"], "cwd": "/"})
    assert outcome.kind == "EngineNotStarted"


def test_an_interrupt_cancels_and_is_raised_when_everything_is_undone(engine: Engine, project: Path) -> None:
    before = (project / "pyproject.toml").read_bytes()
    with FakeIndex() as index:
        index.serve("a", "1.0")
        index.faults.always("/simple/a/", hang())
        variables = {**os.environ, "PIP_INDEX_URL": index.url}
        events: list[Message] = []

        def interrupt(message: Message) -> None:
            events.append(message)
            if len(events) == 1:
                interrupt_after(0.1)

        with pytest.raises(Interrupted) as raised:
            engine.run({"argv": ["add", "a", "--lock"], "cwd": str(project), "variables": variables}, interrupt)
    assert raised.value.outcome.kind == "Cancelled"
    assert (project / "pyproject.toml").read_bytes() == before
    assert engine.pid is not None
    assert engine.run({"argv": ["version"], "cwd": str(project)}).ok


def test_an_interrupt_that_comes_too_late_changes_nothing(tmp_path: Path) -> None:
    engine = fake(
        tmp_path,
        "hello()\nrequest = next(requests())\nopen(__file__ + '.asked', 'w').close()\nnext(requests())\n"
        "say(id=request['id'], result={'exit_status': 0, 'text': 'done'})\nsys.stdin.read()\n",
    )
    interrupting = interrupt_when(tmp_path / "fake.py.asked")
    assert engine.run({"argv": ["x"], "cwd": "/"}).text == "done"
    interrupting.join()
    engine.stop()


def test_who_interrupts_again_and_again_ends_the_engine(tmp_path: Path) -> None:
    engine = fake(tmp_path, "hello()\nnext(requests())\nopen(__file__ + '.asked', 'w').close()\ntime.sleep(600)\n")
    interrupting = interrupt_when(tmp_path / "fake.py.asked", times=3)
    with pytest.raises(Interrupted) as raised:
        engine.run({"argv": ["x"], "cwd": "/"})
    interrupting.join()
    assert raised.value.outcome.kind == "EngineDied"


def test_a_question_is_answered_by_what_the_listener_returns(tmp_path: Path) -> None:
    engine = fake(
        tmp_path,
        "hello()\nincoming = requests()\nrequest = next(incoming)\n"
        "say(id=request['id'], event='question', question=1, kind='ask', text='who?')\n"
        "answer = next(incoming)\nsay(id=request['id'], result={'exit_status': 0, 'data': answer})\nsys.stdin.read()\n",
    )
    outcome = engine.run({"argv": ["x"], "cwd": "/"}, lambda message: f"to {message['text']}")
    assert outcome.data["method"] == "answer"
    assert outcome.data["params"] == {"target": 1, "question": 1, "value": "to who?"}
    engine.stop()


def test_a_listener_that_fails_does_not_stop_the_command(tmp_path: Path) -> None:
    engine = fake(
        tmp_path,
        "hello()\nfor request in requests():\n    say(id=request['id'], event='notice', text='1')\n"
        "    say(id=request['id'], event='notice', text='2')\n    open(__file__ + '.done', 'w').close()\n"
        "    say(id=request['id'], result={'exit_status': 0})\n",
    )

    def fail(message: Message) -> None:
        raise ValueError(message["text"])

    with pytest.raises(ValueError, match="1"):
        engine.run({"argv": ["x"], "cwd": "/"}, fail)
    assert (tmp_path / "fake.py.done").exists()
    engine.stop()


def test_programs_of_a_dead_engine_are_ended(tmp_path: Path) -> None:
    engine = fake(
        tmp_path,
        "import subprocess\nhello()\nrequest = next(requests())\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "say(id=request['id'], event='child', group=child.pid, state='started')\n"
        "say(id=request['id'], event='notice', text=str(child.pid))\nos.kill(os.getpid(), 9)\n",
    )
    events: list[Message] = []
    assert engine.run({"argv": ["x"], "cwd": "/"}, events.append).kind == "EngineDied"
    assert wait_until(lambda: not is_alive(int(events[0]["text"])), 2.0)


def test_requests_of_several_threads_find_their_replies(engine: Engine, project: Path) -> None:
    texts: list[str] = []

    def ask(word: str) -> None:
        texts.append(engine.run({"argv": ["help", word], "cwd": str(project)}).text.splitlines()[0])

    threads = [threading.Thread(target=ask, args=(word,)) for word in ("add", "remove", "lock", "update")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(texts)) == 4


def test_an_engine_that_nobody_refers_to_ends(project: Path) -> None:
    engine = Engine(sys.executable)
    engine.run({"argv": ["version"], "cwd": str(project)})
    pid = engine.pid
    assert pid is not None
    del engine
    assert wait_until(lambda: not is_alive(pid), 3.0)


_SESSION = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
from chapbook.magics.client import Engine
engine = Engine(sys.argv[2])
folder, how = sys.argv[3], sys.argv[4]
outcome = engine.run({"argv": ["version"], "cwd": folder})
told = {"text": outcome.text, "pid": engine.pid, "folder": os.getcwd()}
if how == "fork":
    pid = os.fork()
    if pid == 0:
        inside = engine.run({"argv": ["version"], "cwd": folder})
        mine = engine.pid
        engine.stop()
        os._exit(0 if inside.ok and mine != told["pid"] else 1)
    told["child"] = os.waitpid(pid, 0)[1]
    told["after"] = engine.run({"argv": ["version"], "cwd": folder}).text
print(json.dumps(told), flush=True)
if how == "wait":
    time.sleep(60)
if how == "crash":
    os._exit(3)
"""


def session(version: str, project: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python(version), "-c", _SESSION, str(EXTENSION), sys.executable, str(project), how],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("how", ["end", "crash", "fork"])
def test_every_python_leaves_no_engine_behind(version: str, how: str, project: Path) -> None:
    with session(version, project, how) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["text"] == "here 1.0\n"
        if how == "fork":
            assert (told["child"], told["after"]) == (0, "here 1.0\n")
        assert process.wait(60) == (3 if how == "crash" else 0)
    assert wait_until(lambda: not is_alive(told["pid"]))


@pytest.mark.parametrize("version", ["3.9", "3.13"])
def test_a_killed_kernel_leaves_no_engine_behind(version: str, project: Path) -> None:
    with session(version, project, "wait") as process:
        assert process.stdout is not None
        pid = json.loads(process.stdout.readline())["pid"]
        assert is_alive(pid)
        process.kill()
    assert wait_until(lambda: not is_alive(pid), 2.0)
