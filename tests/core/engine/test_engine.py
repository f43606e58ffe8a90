from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.core.engine.conftest import make_project
from tests.fakes.engine import EngineProcess, is_alive, wait_until
from tests.fakes.holding import Other
from tests.fakes.index.reply_faults import hang, hang_in_body

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.index import FakeIndex

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and groups are those of POSIX")


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a project and its environment, but for what a lock file says of its last holder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != "lock"
    }


def script(project: Path, text: str) -> str:
    file = project / "script.py"
    file.write_text(text, "utf-8")
    return "script.py"


def test_the_first_line_says_hello(engine: EngineProcess) -> None:
    hello = engine.event("hello")
    assert hello["protocol"] == 1
    assert hello["pid"] == engine.process.pid
    assert engine.messages[0] is hello


def test_a_command_replies_with_data_text_and_html(engine: EngineProcess, project: Path) -> None:
    result = engine.reply(engine.run("version", cwd=project))["result"]
    assert result["exit_status"] == 0
    assert result["command"] == "version"
    assert result["text"] == "here 1.0\n"
    assert "here" in result["html"]
    assert result["data"]["version"] == "1.0"
    assert result["project"] == str(project)
    assert result["environment_changed"] is False


def test_a_package_is_added_with_progress_and_the_environment_is_said_to_have_changed(
    engine: EngineProcess, project: Path, index: FakeIndex
) -> None:
    index.serve("a", "1.0")
    number = engine.run("add", "a", cwd=project)
    result = engine.reply(number)["result"]
    assert result["exit_status"] == 0
    assert result["environment_changed"] is True
    assert "a" in result["text"]
    tasks = {event["task"] for event in engine.events("progress")}
    assert {event["task"] for event in engine.events("finished")} == tasks
    assert tasks
    again = engine.reply(engine.run("lock", cwd=project))["result"]
    assert again["environment_changed"] is False


def test_an_error_is_a_reply_with_its_hints_in_the_words_of_a_cell(engine: EngineProcess, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    error = engine.reply(engine.run("add", "a", cwd=empty))["error"]
    assert error["kind"] == "ProjectNotFound"
    assert error["exit_status"] == 1
    assert "`%poetry init`" in error["text"]
    assert "%poetry init" in error["html"]


def test_words_that_do_not_fit_are_a_usage_error(engine: EngineProcess, project: Path) -> None:
    error = engine.reply(engine.run("adx", cwd=project))["error"]
    assert (error["kind"], error["exit_status"]) == ("UsageError", 2)


def test_help_and_version_are_results(engine: EngineProcess, project: Path) -> None:
    assert "usage: %poetry add" in engine.reply(engine.run("add", "--help", cwd=project))["result"]["text"]
    assert "chapbook" in engine.reply(engine.run("--version", cwd=project))["result"]["text"]
    assert engine.reply(engine.run(cwd=project))["result"]["command"] == "help"


def test_json_is_shown_when_it_is_asked_for(engine: EngineProcess, project: Path) -> None:
    result = engine.reply(engine.run("status", "--format=json", cwd=project))["result"]
    assert json.loads(result["text"]) == result["data"]


@pytest.mark.parametrize(
    ("line", "identity"),
    [
        (b"{", None),
        (b"[1]", None),
        (b'{"id": "x", "method": "run"}', None),
        (b'{"id": true, "method": "run"}', None),
        (b'{"id": 3, "method": "fly"}', 3),
        (b'{"id": 3, "method": "run", "params": []}', 3),
        (b'{"id": 3, "method": "run", "params": {"argv": "add", "cwd": "/"}}', 3),
        (b'{"id": 3, "method": "run", "params": {"argv": ["add"]}}', 3),
        (b'{"id": 3, "method": "run", "params": {"argv": ["add"], "cwd": "/\\u0000"}}', 3),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
    ],
)
def test_what_is_no_request_gets_an_error_and_the_engine_goes_on(
    engine: EngineProcess, project: Path, line: bytes, identity: int | None
) -> None:
    engine.write(line + b"\n")
    error = engine.until(lambda message: "error" in message)
    assert error["id"] == identity
    assert error["error"]["kind"] == "Malformed"
    assert "result" in engine.reply(engine.run("version", cwd=project))


def test_an_empty_line_is_nothing(engine: EngineProcess, project: Path) -> None:
    engine.write(b"\n\r\n  \n")
    assert "result" in engine.reply(engine.run("version", cwd=project))


def test_a_folder_that_has_gone_is_an_error(engine: EngineProcess, tmp_path: Path) -> None:
    assert "not there any more" in engine.reply(engine.run("show", cwd=tmp_path / "gone"))["error"]["message"]


def test_two_requests_of_one_project_run_one_after_the_other(
    engine: EngineProcess, project: Path, index: FakeIndex
) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    index.latency = 0.3
    first, second = engine.run("add", "a", "--lock", cwd=project), engine.run("add", "b", "--lock", cwd=project)
    assert engine.event("waiting", second)["text"] == "waiting for `%poetry add`, which runs in this project"
    assert engine.reply(first)["result"]["exit_status"] == 0
    assert engine.reply(second)["result"]["exit_status"] == 0
    text = (project / "pyproject.toml").read_text()
    assert "a (" in text
    assert "b (" in text


def test_two_projects_run_beside_each_other(
    engine: EngineProcess, project: Path, tmp_path: Path, index: FakeIndex
) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    index.faults.always("/simple/a/", hang())
    stuck = engine.run("add", "a", "--lock", cwd=project)
    other = engine.run("add", "b", "--lock", cwd=make_project(tmp_path / "other"))
    assert engine.reply(other)["result"]["exit_status"] == 0
    engine.send("cancel", target=stuck)
    assert engine.reply(stuck)["error"]["kind"] == "Cancelled"


def test_one_that_waits_in_the_queue_can_be_cancelled(engine: EngineProcess, project: Path, index: FakeIndex) -> None:
    index.serve("a", "1.0")
    index.faults.always("/simple/a/", hang())
    first, second = engine.run("add", "a", "--lock", cwd=project), engine.run("lock", cwd=project)
    engine.event("waiting", second)
    engine.send("cancel", target=second)
    assert engine.reply(second, 1.0)["error"]["kind"] == "Cancelled"
    engine.send("cancel", target=first)
    assert engine.reply(first, 2.0)["error"]["kind"] == "Cancelled"


def test_a_cancel_in_mid_download_comes_at_once_and_leaves_everything_as_it_was(
    engine: EngineProcess, project: Path, index: FakeIndex
) -> None:
    index.serve("a", "1.0")
    index.serve("big", "1.0", files={"big/data.txt": os.urandom(300_000).hex()})
    assert "result" in engine.reply(engine.run("add", "a", cwd=project))
    before = files(project)
    index.faults.always("*.whl", hang_in_body())
    number = engine.run("add", "big", cwd=project)
    engine.until(lambda message: message.get("event") == "progress" and message["task"] != "index")
    time.sleep(0.3)
    began = time.monotonic()
    engine.send("cancel", target=number)
    error = engine.reply(number)["error"]
    assert time.monotonic() - began < 1.0
    assert (error["kind"], error["exit_status"]) == ("Cancelled", 130)
    assert files(project) == before
    index.faults.clear()
    assert "result" in engine.reply(engine.run("add", "big", cwd=project))


def test_a_cancel_ends_the_wait_for_another_process(engine: EngineProcess, project: Path) -> None:
    other = Other(project, "chapbook add", (), nobody=False)
    try:
        number = engine.run("lock", cwd=project)
        assert f"waiting for process {other.pid}" in engine.event("waiting", number)["text"]
        began = time.monotonic()
        engine.send("cancel", target=number)
        assert engine.reply(number)["error"]["kind"] == "Cancelled"
        assert time.monotonic() - began < 1.0
    finally:
        other.let_go()


def test_a_cancel_of_what_has_ended_does_nothing(engine: EngineProcess, project: Path) -> None:
    number = engine.run("version", cwd=project)
    engine.reply(number)
    assert engine.reply(engine.send("cancel", target=number))["result"] == {"cancelled": False}


def test_the_output_of_a_program_comes_as_it_is_written(engine: EngineProcess, project: Path) -> None:
    engine.reply(engine.run("install", cwd=project))
    name = script(
        project,
        "import sys, time\nprint('héllo', end='', flush=True)\ntime.sleep(1)\nprint(sys.stdin.read() == '')\n"
        "print(sys.stdout.isatty(), file=sys.stderr)\nsys.exit(3)\n",
    )
    number = engine.run("run", "python", name, cwd=project)
    first = engine.event("output", number)
    assert (first["stream"], first["text"]) == ("stdout", "héllo")
    assert not any("result" in message and message["id"] == number for message in engine.messages)
    result = engine.reply(number)["result"]
    assert result["exit_status"] == 3
    said = {
        name: "".join(event["text"] for event in engine.events("output") if event["stream"] == name)
        for name in ("stdout", "stderr")
    }
    assert said == {"stdout": "hélloTrue\n", "stderr": "False\n"}


def test_huge_output_arrives_whole(engine: EngineProcess, project: Path) -> None:
    engine.reply(engine.run("install", cwd=project))
    name = script(project, "print('x' * 79 + '\\n', end='' ) if 0 else print(('ü' * 79 + '\\n') * 100_000, end='')\n")
    number = engine.run("run", "python", name, cwd=project)
    engine.reply(number)
    assert "".join(event["text"] for event in engine.events("output")) == ("ü" * 79 + "\n") * 100_000


def test_a_cancel_ends_a_program_with_its_group(engine: EngineProcess, project: Path) -> None:
    engine.reply(engine.run("install", cwd=project))
    name = script(
        project,
        "import signal, subprocess, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n",
    )
    number = engine.run("run", "python", name, cwd=project)
    pid = int(engine.event("output", number)["text"])
    group = engine.event("child", number)["group"]
    engine.send("cancel", target=number)
    error = engine.reply(number)["error"]
    assert error["kind"] == "Cancelled"
    assert "stopped" in error["message"]
    assert wait_until(lambda: not is_alive(pid) and not is_alive(group), 2.0)


def test_a_program_that_needs_a_terminal_is_refused(engine: EngineProcess, project: Path) -> None:
    engine.reply(engine.run("install", cwd=project))
    assert engine.reply(engine.run("shell", cwd=project))["error"]["kind"] == "TerminalNeeded"


def test_questions_go_over_the_wire(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    folder.mkdir()
    number = engine.run("init", cwd=folder, interactive=True)
    answered = 0
    while not (folder / "pyproject.toml").exists():
        question = engine.until(
            lambda message: (
                ("event" not in message and message.get("id") == number)
                or (message.get("event") == "question" and message["question"] > answered)  # noqa: B023  called at once
            )
        )
        if "event" not in question:
            break
        answered = question["question"]
        value = {"confirm": True, "choose": question["default"]}.get(question["kind"], question["default"] or "")
        engine.send("answer", target=number, question=answered, value=value)
    assert "result" in engine.reply(number)
    assert answered > 1


def test_no_answer_cancels(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    folder.mkdir()
    number = engine.run("init", cwd=folder, interactive=True)
    question = engine.event("question", number)
    engine.send("answer", target=number, question=question["question"], value=None)
    assert engine.reply(number)["error"]["kind"] == "Cancelled"
    assert list(folder.iterdir()) == []


def test_an_answer_of_the_wrong_kind_is_asked_for_again(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    folder.mkdir()
    number = engine.run("init", cwd=folder, interactive=True)
    engine.event("question", number)
    engine.send("answer", target=number, question=1, value=7)
    again = engine.until(lambda message: message.get("event") == "question" and message["question"] == 2)
    assert again["mistake"]
    engine.send("cancel", target=number)
    assert engine.reply(number, 1.0)["error"]["kind"] == "Cancelled"


def test_the_status_is_the_project_at_a_glance(engine: EngineProcess, project: Path) -> None:
    result = engine.reply(engine.send("status", cwd=str(project)))["result"]
    assert result["text"].startswith("here 1.0\n")
    assert result["data"]["next"][0]["command"] == "lock"
    assert "%poetry lock" in result["html"]


def test_a_line_is_completed_while_a_command_runs(engine: EngineProcess, project: Path, index: FakeIndex) -> None:
    index.serve("a", "1.0")
    index.faults.always("/simple/a/", hang())
    stuck = engine.run("add", "a", "--lock", cwd=project)
    found = engine.reply(engine.send("complete", line="rem", cursor=3, cwd=str(project)))["result"]
    assert found == {"matches": ["remove"], "start": 0}
    engine.send("cancel", target=stuck)
    engine.reply(stuck)


def test_the_notebook_says_which_project_is_meant(engine: EngineProcess, project: Path, tmp_path: Path) -> None:
    result = engine.reply(engine.run("version", cwd=tmp_path, notebook=str(project / "x.ipynb")))["result"]
    assert result["project"] == str(project)


def test_variables_of_the_request_count(engine: EngineProcess, project: Path, tmp_path: Path) -> None:
    variables = {"CHAPBOOK_PROJECT": str(project), "HOME": str(tmp_path)}
    result = engine.reply(engine.run("version", cwd=tmp_path, variables=variables))["result"]
    assert result["project"] == str(project)


def test_a_stray_print_does_not_reach_the_client(variables: dict[str, str], project: Path, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "noisy.py").write_text(
        "import os, subprocess, sys\nimport chapbook_core.commands.version as version\nkept = version.run\n"
        "def run(*words):\n    print('stray', flush=True)\n    os.write(1, b'rawer\\n')\n"
        "    subprocess.run(['echo', 'child'], check=True)\n    assert sys.stdin.read() == ''\n"
        "    return kept(*words)\nversion.run = run\n"
        "from chapbook_core.engine.__main__ import main\nos._exit(main([]))\n",
        "utf-8",
    )
    with EngineProcess({**variables, "PYTHONPATH": str(code)}, module="noisy") as engine:
        assert "result" in engine.reply(engine.run("version", cwd=project))
        engine.end_of_input()
        assert engine.process.wait(5) == 0
        assert all(line.startswith(b"{") for line in engine.lines)
        assert engine.errors().split() == ["stray", "rawer", "child"]


def test_a_bug_is_the_reply_to_one_request(variables: dict[str, str], project: Path, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "faulty.py").write_text(
        "import os\nimport chapbook_core.commands.version as version\n"
        "def run(*words):\n    raise SystemExit(9)\nversion.run = run\n"
        "from chapbook_core.engine.__main__ import main\nos._exit(main([]))\n",
        "utf-8",
    )
    with EngineProcess({**variables, "PYTHONPATH": str(code)}, module="faulty") as engine:
        error = engine.reply(engine.run("version", cwd=project))["error"]
        assert (error["kind"], error["exit_status"]) == ("Bug", 70)
        assert "SystemExit" in error["data"]["traceback"]
        assert "result" in engine.reply(engine.run("help", cwd=project))


def test_progress_is_told_at_most_ten_times_a_second(engine: EngineProcess, project: Path, index: FakeIndex) -> None:
    names = [f"p{number}" for number in range(60)]
    for name in names:
        index.serve(name, "1.0")
    began = time.monotonic()
    number = engine.run("add", *names, "--lock", cwd=project)
    engine.reply(number)
    seconds = time.monotonic() - began
    progress = engine.events("progress")
    assert len(progress) <= 10 * seconds + 2 * len({event["task"] for event in progress}) + 1
    assert any(event["done"] == event["total"] for event in progress)


def test_it_ends_with_its_input_and_takes_back_what_it_was_at(
    engine: EngineProcess, project: Path, index: FakeIndex
) -> None:
    index.serve("a", "1.0")
    index.faults.always("/simple/a/", hang())
    before = files(project)
    engine.run("add", "a", "--lock", cwd=project)
    engine.event("progress")
    engine.end_of_input()
    assert engine.process.wait(2.5) == 0
    assert files(project) == before


def test_it_ends_when_it_is_told_to(engine: EngineProcess) -> None:
    assert engine.reply(engine.send("end"))["result"] == {}
    assert engine.process.wait(2) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_at_a_signal(engine: EngineProcess, number: int) -> None:
    engine.event("hello")
    time.sleep(0.2)
    engine.process.send_signal(number)
    assert engine.process.wait(2) == 0


def test_an_interrupt_is_not_its_business(engine: EngineProcess, project: Path) -> None:
    engine.reply(engine.run("version", cwd=project))
    engine.process.send_signal(signal.SIGINT)
    assert "result" in engine.reply(engine.run("version", cwd=project))


def test_it_ends_when_nothing_happens_for_long(variables: dict[str, str]) -> None:
    with EngineProcess(variables, "--idle", "0.3") as engine:
        engine.event("hello")
        assert engine.process.wait(5) == 0


def test_it_ends_when_its_parent_was_killed_though_somebody_holds_the_pipe(variables: dict[str, str]) -> None:
    program = (
        "import os, subprocess, sys, time\n"
        "if os.fork() == 0:\n    time.sleep(0.1)\n"
        "read, write = os.pipe()\nos.set_inheritable(write, True)\n"
        "engine = subprocess.Popen([sys.executable, '-m', 'chapbook_core.engine'], stdin=read, "
        "stdout=subprocess.PIPE, start_new_session=True)\n"
        "holder = subprocess.Popen(['sleep', '20'], close_fds=False)\n"
        "engine.stdout.readline()\nprint(engine.pid, holder.pid, flush=True)\ntime.sleep(60)\n"
    ).replace("if os.fork() == 0:\n    time.sleep(0.1)\n", "")
    parent = subprocess.Popen([sys.executable, "-c", program], env=variables, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, holder = map(int, parent.stdout.readline().split())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        assert wait_until(lambda: not is_alive(pid), 2.0)
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


def test_a_project_that_is_made_has_no_environment_yet(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    result = engine.reply(engine.run("init", cwd=folder))["result"]
    assert result["project"] == str(folder)
    assert result["environment_changed"] is False
