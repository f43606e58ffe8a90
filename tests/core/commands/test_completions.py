from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.completions import SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_of_a_shell_is_printed_as_it_is(chapbook: Chapbook, shell: str) -> None:
    assert chapbook("completions", shell).out == SCRIPTS[shell]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_can_read_its_script(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    subprocess.run([program, "-n"], input=SCRIPTS[shell], text=True, check=True, capture_output=True)


def test_without_a_shell_it_says_which_there_are(chapbook: Chapbook) -> None:
    outcome = chapbook("completions")
    assert outcome.status == 2
    assert "bash, zsh, fish" in outcome.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("chapbook remo", ["remove"]),
        ("chapbook source sh", ["show"]),
        ("/usr/bin/chapbook add --format=j", ["--format=json"]),
        ("chapbook install --with=dev,ma", ["--with=dev,main"]),
        ("chapbook install --with dev,ma", ["dev,main"]),
        ("chapbook", []),
    ],
)
def test_a_line_is_completed_with_whole_words(chapbook: Chapbook, folder: Path, line: str, words: list[str]) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "here"\nversion = "1"\n', "utf-8")
    outcome = chapbook("completions", f"--line={line}")
    found = outcome.out.split()
    assert (outcome.status, found) == (0, words) if words else "add" in found


def test_bash_completes_a_command(folder: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    program = (
        f'chapbook() {{ "{sys.executable}" -m chapbook_core.cli "$@"; }}\n{SCRIPTS["bash"]}'
        'COMP_LINE="chapbook add --format=j"; COMP_POINT=${#COMP_LINE}; _chapbook; echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run([bash, "--norc", "-c", program], cwd=folder, text=True, check=True, capture_output=True)
    assert done.stdout == "json\n"
