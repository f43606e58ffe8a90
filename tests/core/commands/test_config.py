from __future__ import annotations

import json
import stat
import tomllib
from typing import TYPE_CHECKING, Any, cast

import pytest

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.config import run
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from chapbook_core.project.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.commands.surroundings import Asker


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


def test_what_counts_without_a_local_setting_is_told(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n', encoding="utf-8")
    chapbook("config", "installer.parallel", "false")
    (file,) = folder.parent.rglob("config.toml")
    chapbook("config", "--local", "installer.parallel", "true")
    outcome = chapbook("config", "--local", "installer.parallel", "--unset")
    assert (outcome.out, outcome.err) == (f"note: `installer.parallel` comes from {file} instead\n", "")


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


def test_settings_of_the_past_get_the_names_of_today(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n', encoding="utf-8")
    file = folder / "poetry.toml"
    file.write_text("# ours\n[virtualenvs]\nprefer-active-python = false\n[experimental]\nsystem-git-client = true\n")
    assert chapbook("config", "--migrate", "--local").out == (
        "experimental.system-git-client became system-git-client = true\n"
        "virtualenvs.prefer-active-python became virtualenvs.use-poetry-python = true\n"
    )
    text = file.read_text(encoding="utf-8")
    assert tomllib.loads(text) == {"virtualenvs": {"use-poetry-python": True}, "system-git-client": True}
    assert "# ours" in text
    assert "nothing to migrate" in chapbook("config", "--migrate", "--local").out


def test_a_setting_of_the_past_that_says_what_is_the_default_today_goes(
    chapbook: Callable[..., Any], folder: Path
) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n', encoding="utf-8")
    (folder / "poetry.toml").write_text("[virtualenvs]\nprefer-active-python = true\n", encoding="utf-8")
    assert chapbook("config", "--migrate", "--local").out == (
        "virtualenvs.prefer-active-python became virtualenvs.use-poetry-python, whose default says the same\n"
    )
    assert (folder / "poetry.toml").read_text(encoding="utf-8") == ""


class Whisperer:
    """Answers a question about a secret; there must be no other."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask_secret(self, question: str) -> str:
        self.asked.append(question)
        return "s3cret"


def test_a_password_that_is_not_in_the_command_is_asked_for(folder: Path) -> None:
    asker = Whisperer()
    surroundings = Surroundings(folder, {}, folder, (3, 12), ask=cast("Asker", asker))
    run(Invocation(BY_NAME["config"], {"key": "http-basic.work", "value": ("ada",)}), surroundings, Unwatched())
    assert asker.asked == ["password of ada for work"]
    login = read_settings(None, variables={}, home=folder).login("work")
    assert login is not None
    assert login.password is not None
    assert login.password.reveal() == "s3cret"


def test_the_url_of_a_repository_keeps_no_credentials(chapbook: Callable[..., Any], folder: Path) -> None:
    outcome = chapbook("config", "repositories.work", "https://ada:s3cret@example.org/simple/")
    assert outcome.status == 2
    assert "http-basic.work" in outcome.err
    assert "s3cret" not in outcome.err
    assert not list(folder.parent.rglob("config.toml"))


def test_credentials_that_stand_in_a_file_are_not_shown(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n', encoding="utf-8")
    (folder / "poetry.toml").write_text('[repositories.work]\nurl = "https://ada:s3cret@example.org/"\n')
    for words in ("config repositories.work", "config repositories", "config --list"):
        out = chapbook(*words.split()).out
        assert "https://****@example.org/" in out
        assert "s3cret" not in out


def test_to_trust_anybody_is_written_as_poetry_reads_it(chapbook: Callable[..., Any], folder: Path) -> None:
    chapbook("config", "certificates.work.cert", "false")
    (file,) = folder.parent.rglob("config.toml")
    assert tomllib.loads(file.read_text(encoding="utf-8")) == {"certificates": {"work": {"cert": False}}}
    assert chapbook("config", "certificates.work.cert").out == "false\n"


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
