from __future__ import annotations

import subprocess
import sys

import pytest

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
        (["--version"], (*JUPYTER, *HEAVY, "dataclasses", "pathlib")),
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
