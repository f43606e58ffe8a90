"""Foreign words: commands of other tools, and what does the same here."""

from __future__ import annotations

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
