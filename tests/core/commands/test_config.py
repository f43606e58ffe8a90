from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_every_setting_is_listed_with_what_it_comes_to(chapbook: Callable[..., Any], folder: Path) -> None:
    lines = chapbook("config", "--list").out.splitlines()
    assert lines == sorted(lines)
    assert "virtualenvs.in-project = true" in lines
    cache = json.loads(next(line for line in lines if line.startswith("cache-dir = ")).partition(" = ")[2])
    assert cache.startswith(str(folder.parent / "home"))
    assert f'virtualenvs.path = "{{cache-dir}}/virtualenvs"  # {cache}/virtualenvs' in lines


def test_a_setting_is_set_read_and_forgotten(chapbook: Callable[..., Any]) -> None:
    assert chapbook("config", "installer.max-workers", "4").out == ""
    assert chapbook("config", "installer.max-workers").out == "4\n"
    assert chapbook("config", "--unset", "installer.max-workers").out == ""
    assert chapbook("config", "installer.max-workers").out == "null\n"


def test_a_local_setting_stands_in_the_project(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n', encoding="utf-8")
    outcome = chapbook("config", "virtualenvs.in-project", "false", "--local", "-v")
    assert outcome.out == f"virtualenvs.in-project was written to {folder / 'poetry.toml'}\n"
    assert (folder / "poetry.toml").read_text(encoding="utf-8") == "[virtualenvs]\nin-project = false\n"
    assert chapbook("config", "virtualenvs.in-project").out == "false\n"
    chapbook("config", "virtualenvs.in-project", "--unset", "--local")
    assert chapbook("config", "virtualenvs.in-project").out == "true\n"


def test_a_change_without_effect_here_says_why(chapbook: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POETRY_INSTALLER_PARALLEL", "false")
    outcome = chapbook("config", "installer.parallel", "true")
    assert outcome.err == (
        "warning: `installer.parallel` still comes from POETRY_INSTALLER_PARALLEL, which beats the file\n"
    )


def test_passwords_are_stored_privately_and_never_shown(chapbook: Callable[..., Any], folder: Path) -> None:
    assert chapbook("config", "http-basic.work", "ada", "s3cret").out == ""
    (file,) = folder.parent.rglob("auth.toml")
    assert "s3cret" in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    outcomes = [chapbook(*words.split()) for words in ("config --list", "config http-basic", "config http-basic.work")]
    assert "s3cret" not in "".join(outcome.out + outcome.err for outcome in outcomes)
    assert outcomes[2].out == "ada ****\n"


def test_there_is_nothing_to_migrate(chapbook: Callable[..., Any]) -> None:
    assert chapbook("config", "--migrate").out.endswith("there is nothing to migrate\n")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ("config", 2, "`config` needs the name of a setting"),
        ("config installer.paralel", 2, "there is no setting `installer.paralel`"),
        ("config installer.parallel maybe", 1, "`installer.parallel` cannot be `maybe`, set in the command"),
        ("config installer.parallel true false", 2, "`installer.parallel` needs one value, and 2 were given"),
        ("config installer.parallel true --local", 2, "`--local` needs a project"),
        ("config installer.parallel true --unset", 2, "`--unset` takes no value"),
        ("config --list installer.parallel", 2, "`--list` goes without a setting"),
        ("config --list --migrate", 2, "`--list` and `--migrate` exclude each other"),
    ],
)
def test_a_mistake_is_named(chapbook: Callable[..., Any], words: str, status: int, message: str) -> None:
    outcome = chapbook(*words.split())
    assert outcome.status == status
    assert outcome.err.startswith(f"error: {message}\n")
