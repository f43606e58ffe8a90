"""Requests that run beside each other, one after the other, or are cancelled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.core.engine.conftest import files, make_project
from tests.fakes.holding import Other
from tests.fakes.index.reply_faults import hang, hang_in_body

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.engine import EngineProcess
    from tests.fakes.index import FakeIndex


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
    assert engine.reply(second)["error"]["kind"] == "Cancelled"
    engine.send("cancel", target=first)
    assert engine.reply(first)["error"]["kind"] == "Cancelled"


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
    # What it waits for never comes.
    engine.send("cancel", target=number)
    error = engine.reply(number)["error"]
    assert (error["kind"], error["exit_status"]) == ("Cancelled", 130)
    assert files(project) == before
    index.faults.clear()
    assert "result" in engine.reply(engine.run("add", "big", cwd=project))


def test_a_cancel_ends_the_wait_for_another_process(engine: EngineProcess, project: Path) -> None:
    other = Other(project, "chapbook add", (), nobody=False)
    try:
        number = engine.run("lock", cwd=project)
        assert f"waiting for process {other.pid}" in engine.event("waiting", number)["text"]
        # Nobody lets go of it before.
        engine.send("cancel", target=number)
        assert engine.reply(number)["error"]["kind"] == "Cancelled"
    finally:
        other.let_go()


def test_a_cancel_of_what_has_ended_does_nothing(engine: EngineProcess, project: Path) -> None:
    number = engine.run("version", cwd=project)
    engine.reply(number)
    assert engine.reply(engine.send("cancel", target=number))["result"] == {"cancelled": False}
