"""Programs that commands run in an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.engine import EngineProcess, is_alive, wait_until

if TYPE_CHECKING:
    from pathlib import Path


def script(project: Path, text: str) -> str:
    file = project / "script.py"
    file.write_text(text, "utf-8")
    return "script.py"


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
