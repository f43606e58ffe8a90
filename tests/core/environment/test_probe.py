from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import packaging
import pytest

from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.environment.probe import InterpreterUnusable, Prober
from chapbook_core.environment.wheel_tags import wheel_tags
from tests.fakes.interpreter import write_interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.environment.interpreter import Interpreter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
ORACLE = """
import json
from packaging.markers import default_environment
from packaging.tags import sys_tags
print(json.dumps([list(map(str, sys_tags())), default_environment()]))
"""


@pytest.mark.parametrize("version", PYTHONS)
def test_the_facts_are_those_that_packaging_finds_from_inside(
    python: Callable[[str], Interpreter], version: str
) -> None:
    import json

    interpreter = python(version)
    variables = {"PYTHONPATH": str(Path(packaging.__file__).parents[1])}
    words = [str(interpreter.executable), "-c", ORACLE]
    told = subprocess.run(words, env=variables, capture_output=True, text=True, check=True).stdout
    tags, environment = json.loads(told)
    assert tuple(tags) == wheel_tags(interpreter)
    assert environment == dict(interpreter.markers)


@pytest.mark.parametrize("version", PYTHONS)
def test_the_layout_is_that_of_an_environment(python: Callable[[str], Interpreter], version: str) -> None:
    assert python(version).layout["purelib"] == f"lib/python{version}/site-packages"
    assert python(version).layout["scripts"] == "bin"


def test_an_interpreter_is_asked_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = write_interpreter(tmp_path / "bin" / "python3", "3.12.1", log=log)
    for _ in range(3):
        assert "3.12.1" == Prober(tmp_path / "cache", os.environ).ask(script).version
    assert ["3.12.1"] == log.read_text().split()


def test_a_process_reads_once_what_it_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    read_bytes = Path.read_bytes

    def reading(file: Path) -> bytes:
        read.append(file)
        return read_bytes(file)

    monkeypatch.setattr(Path, "read_bytes", reading)
    script = write_interpreter(tmp_path / "python3", "3.12.1")
    first = Prober(tmp_path / "cache", os.environ).ask(script)
    read.clear()
    assert first is Prober(tmp_path / "cache", os.environ).ask(script)
    assert [] == read
    # Another cache may be another person's.
    assert first == Prober(tmp_path / "other", os.environ).ask(script)
    write_interpreter(tmp_path / "python3", "3.13.0")
    assert "3.13.0" == Prober(tmp_path / "cache", os.environ).ask(script).version


def test_the_python_that_runs_this_is_asked_once_by_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, other = (write_interpreter(tmp_path / name, "3.12.1") for name in ("python3", "other"))
    monkeypatch.setattr(sys, "_base_executable", str(script))
    asked: list[str] = []
    start = subprocess.Popen

    def noted(words: list[Path], **options: object) -> object:
        asked.append(words[0].name)
        return start(words, **options)  # type: ignore[call-overload]  # what it is given

    monkeypatch.setattr(subprocess, "Popen", noted)
    for cache in (tmp_path / "cache", tmp_path / "another"):
        for python in (script, other, script):
            Prober(cache, os.environ).ask(python)
        # Other processes find it there.
        assert len(list(cache.rglob("*.json"))) == 2
    assert asked == ["python3", "other", "other"]
    write_interpreter(script, "3.12.10")
    assert "3.12.10" == Prober(tmp_path / "cache", os.environ).ask(script).version


def test_an_interpreter_that_was_replaced_is_asked_again(tmp_path: Path) -> None:
    script = write_interpreter(tmp_path / "python3", "3.12.1")
    prober = Prober(tmp_path / "cache", os.environ)
    prober.ask(script)
    write_interpreter(script, "3.12.10")
    assert "3.12.10" == prober.ask(script).version


def test_a_damaged_cache_is_written_anew(tmp_path: Path) -> None:
    script = write_interpreter(tmp_path / "python3", "3.12.1")
    prober = Prober(tmp_path / "cache", os.environ)
    prober.ask(script)
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text("{")
    assert "3.12.1" == prober.ask(script).version
    assert file.read_text().startswith('{"key"')


def test_a_cache_that_cannot_be_written_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    script = write_interpreter(tmp_path / "python3", "3.12.1")
    assert "3.12.1" == Prober(tmp_path / "file" / "cache", os.environ).ask(script).version


def test_what_does_not_answer_is_ended_with_what_it_started(tmp_path: Path) -> None:
    script = tmp_path / "python3"
    # The grandchild keeps the output open.
    script.write_text("#!/bin/sh\nsleep 60 &\nsleep 60\n")
    script.chmod(0o755)
    began = time.monotonic()
    with pytest.raises(InterpreterUnusable, match="did not answer within 0 seconds"):
        Prober(None, os.environ, patience=0.3).ask(script)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#!/bin/sh\necho hello\n", "gives no account of itself"),
        ("#!/bin/sh\necho '{}'\n", "gives no account of itself"),
        ("#!/bin/sh\necho oh dear >&2\nexit 1\n", "oh dear"),
        ("#!/bin/sh\necho 'Unknown option: -I' >&2\nexit 2\n", "older than Python 3.7"),
        ("#!/bin/sh\nexit 3\n", "the status 3"),
    ],
)
def test_what_is_no_python_says_why(tmp_path: Path, text: str, reason: str) -> None:
    script = tmp_path / "python3"
    script.write_text(text)
    script.chmod(0o755)
    with pytest.raises(InterpreterUnusable, match=reason):
        Prober(None, os.environ).ask(script)


def test_nothing_of_the_present_folder_or_the_variables_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    for name in ("sitecustomize", "usercustomize", "json", "platform", "sysconfig"):
        (tmp_path / f"{name}.py").write_text(f"open({str(canary)!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    variables = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "json.py")}
    interpreter = Prober(None, variables).ask(Path(sys.executable))
    assert interpreter.executable == running_interpreter()
    assert not canary.exists()
