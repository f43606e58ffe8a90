from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chapbook_core.environment.activation import Shell, activation_words, active_variables, find_shell, quoted
from chapbook_core.environment.environment import Environment

ENVIRONMENT = Environment(Path("/x y/.venv"), "3.12.1", "cpython", Path("/opt/bin"), None)
WORDS = (
    "plain",
    "with space",
    "it's",
    '"yes"',
    "$HOME",
    "`id`",
    "$(id)",
    "a\\b",
    "ü",
    "a;b|c",
    "#",
    "!x",
    "*",
    "~",
    "",
)


@pytest.mark.skipif(os.name == "nt", reason="the paths are written as elsewhere")
@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        (Shell.BASH, "source '/x y/.venv/bin/activate'"),
        (Shell.ZSH, "source '/x y/.venv/bin/activate'"),
        (Shell.SH, ". '/x y/.venv/bin/activate'"),
        (Shell.FISH, "source '/x y/.venv/bin/activate.fish'"),
        (Shell.CSH, "source '/x y/.venv/bin/activate.csh'"),
        (Shell.NU, "overlay use r#'/x y/.venv/bin/activate.nu'#"),
        (Shell.PWSH, "& '/x y/.venv/bin/activate.ps1'"),
        (Shell.CMD, '"/x y/.venv/bin/activate.bat"'),
    ],
)
def test_each_shell_has_its_words(shell: Shell, expected: str) -> None:
    assert expected == activation_words(ENVIRONMENT, shell)


@pytest.mark.parametrize("shell", [Shell.BASH, Shell.SH, Shell.ZSH, Shell.FISH, Shell.TCSH])
@pytest.mark.parametrize("word", WORDS)
def test_a_quoted_word_is_read_back_by_the_shell(shell: Shell, word: str) -> None:
    program = shutil.which(shell.value)
    if program is None:
        pytest.skip(f"needs {shell.value}")
    told = subprocess.run(
        [program, "-c", f"printf %s {quoted(word, shell)}"], capture_output=True, text=True, check=True
    )
    assert word == told.stdout


@pytest.mark.parametrize(
    ("word", "shell", "expected"),
    [
        ("it's", Shell.FISH, "'it\\'s'"),
        ("a\\b", Shell.FISH, "'a\\\\b'"),
        ("it's #1 ##", Shell.NU, "r###'it's #1 ##'###"),
        ("it's \u2019", Shell.PWSH, "'it''s \u2019\u2019'"),
        ("50%", Shell.CMD, '"50%%"'),
        ("wow!", Shell.CSH, "'wow'\\!''"),
        ("it's", Shell.XONSH, '"it\'s"'),
    ],
)
def test_marks_that_mean_something_to_a_shell_are_kept_from_it(word: str, shell: Shell, expected: str) -> None:
    assert expected == quoted(word, shell)


@pytest.mark.skipif(os.name == "nt", reason="the variables are others there")
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SHELL": "/bin/bash"}, Shell.BASH),
        ({"SHELL": "/usr/local/bin/fish"}, Shell.FISH),
        ({"SHELL": "/bin/bash", "NU_VERSION": "0.99"}, Shell.NU),
        ({"SHELL": "/bin/strange"}, None),
        ({}, None),
        ({"ComSpec": "cmd.exe"}, Shell.CMD),
        ({"ComSpec": "cmd.exe", "PSModulePath": "a:b:c"}, Shell.POWERSHELL),
    ],
)
def test_the_shell_is_known_by_its_variables(variables: dict[str, str], expected: Shell | None) -> None:
    assert expected is find_shell(variables)


@pytest.mark.skipif(os.name == "nt", reason="the separator is another there")
def test_a_program_finds_the_environment_first_and_nothing_that_leads_away() -> None:
    variables = {"PATH": "/a:/x y/.venv/bin:/b", "PYTHONHOME": "/elsewhere", "VIRTUAL_ENV_PROMPT": "other", "KEPT": "1"}
    assert {"PATH": "/x y/.venv/bin:/a:/b", "VIRTUAL_ENV": "/x y/.venv", "KEPT": "1"} == active_variables(
        ENVIRONMENT, variables
    )
    assert f"/x y/.venv/bin:{os.defpath}".replace("::", ":") == active_variables(ENVIRONMENT, {})["PATH"]
