"""Requests and their replies."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.fakes.engine import EngineProcess
from tests.fakes.index.reply_faults import hang

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.index import FakeIndex


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
        assert engine.process.wait(30) == 0
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


def test_a_project_that_is_made_has_no_environment_yet(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    result = engine.reply(engine.run("init", cwd=folder))["result"]
    assert result["project"] == str(folder)
    assert result["environment_changed"] is False
