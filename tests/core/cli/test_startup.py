from __future__ import annotations

import signal
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

JUPYTER = ("IPython", "ipykernel", "jupyter_client", "jupyter_core", "jupyter_server", "tornado", "traitlets", "zmq")
HEAVY = ("tomlkit", "packaging", "argparse", "ssl", "sqlite3", "http", "virtualenv", "tomllib", "email", "threading")
PROGRAM = """
import sys
from chapbook_core.cli import main
status = main({words!r})
print(status, *(name for name in {names!r} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (
            ["--version"],
            (*JUPYTER, *HEAVY, "collections", "dataclasses", "enum", "functools", "pathlib", "re", "typing"),
        ),
        (["--help"], (*JUPYTER, "tomlkit", "packaging", "argparse", "ssl", "sqlite3", "http", "virtualenv")),
        (["about"], (*JUPYTER, "tomlkit", "packaging", "argparse", "ssl", "sqlite3", "virtualenv")),
    ],
)
def test_a_start_loads_nothing_that_it_does_not_need(words: list[str], unwanted: tuple[str, ...]) -> None:
    code = PROGRAM.format(words=words, names=unwanted)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["0"]
    assert "hapbook" in done.stdout


def test_the_version_is_that_of_the_installed_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    from chapbook_core.cli import main

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"chapbook {version('chapbook')}\n"


class Interrupted(ModuleType):
    def __getattr__(self, _: str) -> object:
        raise KeyboardInterrupt


def test_an_interrupt_before_the_command_begins_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from chapbook_core.cli import main

    monkeypatch.setitem(sys.modules, "chapbook_core.cli.terminal", Interrupted("terminal"))
    assert main(["about"]) == 130
    assert capsys.readouterr().err == "error: cancelled; nothing was changed\n"


def test_who_calls_a_command_hears_interrupts_afterwards(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from chapbook_core.cli import main

    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["lock"]) == 0
    assert main(["show"]) == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    capsys.readouterr()
