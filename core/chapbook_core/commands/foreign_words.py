"""Foreign words: commands and options of other tools, and what does the same here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

WHAT_DOES_THE_SAME = {
    "activate": "`chapbook shell` starts a shell in the environment; `chapbook env activate` prints what activates it",
    "cache dir": "run `chapbook cache info`",
    "debug info": "run `chapbook about` for Chapbook, and `chapbook env info` for the environment",
    "delete": "run `chapbook remove`",
    "exec": "run `chapbook run`",
    "freeze": "run `chapbook export`",
    "info": "run `chapbook status` for the project, `chapbook env info` for its environment, or `chapbook about`",
    "login": "run `chapbook config http-basic.SOURCE USER`, or `chapbook config pypi-token.REPOSITORY`",
    "outdated": "run `chapbook show --outdated`",
    "pip": "`chapbook add` and `chapbook remove` change what is required, `chapbook show` lists what is locked",
    "plugin": "there are no plugins: `chapbook shell` and `chapbook export` are commands like any other",
    "python": "Chapbook installs no Python: `chapbook env use 3.12` takes one that this machine has",
    "requirements": "run `chapbook export`",
    "self": "there are no plugins, and what has installed Chapbook updates it, as with `pip install -U chapbook`",
    "tasks": "run `chapbook run` without words to list the tasks and scripts",
    "tree": "run `chapbook show --tree`",
    "uninstall": "run `chapbook remove`",
    "upgrade": "run `chapbook update` for the newest that the project file allows, or `chapbook up` to raise that",
    "venv": "run `chapbook env use 3.12`, or another version, to make the environment",
}
"""By the words that somebody who comes from Poetry, uv, pip, PDM or npm may type; none is a command of ours."""

WHICH_DOES_THE_SAME = {
    "-U": "run `chapbook update`",
    "-r": "run `chapbook import FILE`",
    "all-packages": "every folder with a `pyproject.toml` is a project of its own: run it there, or with `-C FOLDER`",
    "branch": "write it behind the address, as in `git+https://example.org/x.git@main`",
    "check-exists": "run `chapbook check --lock`",
    "compile-bytecode": "use `--compile`",
    "default": "use `--only main`",
    "dev": "use `--with dev`",
    "dev-only": "use `--only dev`",
    "exact": "run `chapbook sync`",
    "extra": "use `--extras NAME`",
    "frozen": "`chapbook install` takes what is locked and never locks anew; `chapbook lock --check` looks alone",
    "group": "use `--with NAME`, or `--only NAME`",
    "inexact": "run `chapbook install`, which takes nothing out",
    "locked": "`chapbook install` takes what is locked and never locks anew; `chapbook lock --check` looks alone",
    "no-dev": "use `--without dev`, or `--only main`",
    "no-editable": "run `chapbook build` and install the wheel where the project shall be no editable one",
    "no-group": "use `--without NAME`",
    "no-hashes": "use `--without-hashes`",
    "no-install-project": "use `--no-root`",
    "no-sync": "use `--lock`, which installs nothing",
    "no-update": "leave it out: `chapbook lock` keeps the locked versions, and `--regenerate` chooses all anew",
    "only-dev": "use `--only dev`",
    "only-group": "use `--only NAME`",
    "pre": "use `--allow-prereleases`",
    "prerelease": "use `--allow-prereleases`",
    "remove-untracked": "run `chapbook sync`",
    "requirement": "run `chapbook import FILE`",
    "requirements": "run `chapbook import FILE`",
    "rev": "write it behind the address, as in `git+https://example.org/x.git@1a2b3c4`",
    "system": "Chapbook installs into no system's Python: `chapbook env use system` makes an environment from it",
    "tag": "write it behind the address, as in `git+https://example.org/x.git@v1`",
    "target": "run `chapbook export`, and give that file to `pip install --target`",
    "upgrade": "run `chapbook update`",
    "upgrade-package": "run `chapbook update NAME`",
    "user": "every project has an environment of its own; nothing is installed beside it",
}
"""By the options that somebody may type with a command which has none of that name."""


def same_option(shown: str, known: Collection[str]) -> str:
    """Return what does the same as an option of another tool in a command with these options; empty if nothing does."""
    hint = WHICH_DOES_THE_SAME.get(shown.removeprefix("--"), "")
    named = [words.split()[0] for words in hint.split("`--")[1:]] if hint.startswith("use ") else []
    return hint if all(name.strip("`,;") in known for name in named) else ""
