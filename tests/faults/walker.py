"""One project on a walk: it takes a step after the other, and everything that must hold is looked at after each."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.in_copy import in_copy
from tests.faults.kill_install import snapshot
from tests.faults.walk_environment import judge_environment

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.faults.walk_steps import Words
    from tests.interop.poetry_program import Poetry

_OWN = "here"
_FILES = ("pyproject.toml", "poetry.lock")
_BELONGING = {*_FILES, ".venv", ".chapbook", "inside", "here.py"}
_INSTALLING = {"add", "remove", "update", "install", "sync"}
_READING = {"export", "show", "status", "history", "check", "why", "build"}
_NEVER_FAILING = {"lock", "env", "version", "status", "history"}
_MODERN = """\
[project]
name = "here"
version = "1.0.0"
requires-python = ">=3.9"
dependencies = []

[tool.poetry]
package-mode = {package_mode}
"""
_WITH_GROUPS = f"""\
{_MODERN}
[dependency-groups]
dev = ["c"]
docs = []
all = [{{{{include-group = "dev"}}}}, "l", {{{{include-group = "docs"}}}}]
"""
_LEGACY = """\
[tool.poetry]
name = "here"
version = "1.0.0"
description = ""
authors = []
package-mode = {package_mode}

[tool.poetry.dependencies]
python = ">=3.9"
"""

Files = dict[str, bytes]
Snapshot = dict[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of the project file or the lock: what was there on its other side."""

    files: Files
    environment: Snapshot
    left: Snapshot
    """The environment on this side: one that was changed since is not brought back."""


@dataclass
class Walker:
    """A project, and what is known of its past."""

    place: Path
    """An empty folder; the project is in one below it."""
    url: str
    """Of the index."""
    poetry: Poetry | None = None
    """It is asked too, where it is there."""
    past: list[Turn] = field(default_factory=list)
    undone: list[Turn] = field(default_factory=list)
    is_apart: bool = False
    """Whether the environment was ever left aside, so that it may be another than `undo` brings it to."""

    @property
    def folder(self) -> Path:
        """The project's."""
        return self.place / "project"

    @property
    def temporary(self) -> Path:
        """Where temporary files are to go."""
        return self.place / "temporary"

    def begin(self, chance: random.Random) -> None:
        """Make the project, of one kind or another."""
        for folder in (self.folder, self.temporary, self.place / "home"):
            folder.mkdir()
        text = chance.choice((_MODERN, _WITH_GROUPS, _LEGACY)).format(package_mode=chance.choice(("true", "false")))
        (self.folder / "pyproject.toml").write_text(text, "utf-8")
        (self.folder / "here.py").write_text("", "utf-8")

    def names(self) -> list[str]:
        """Return the names of what is locked."""
        return [str(package["name"]) for package in self._locked()]

    def step(self, words: Words) -> tuple[int, list[str]]:
        """Run a command, and return its status and everything that is wrong afterwards."""
        before, environment = self._files(), snapshot(self.folder / ".venv")
        status, told = self._take(words)
        turn = Turn(before, environment, snapshot(self.folder / ".venv"))
        self.is_apart |= "--lock" in words
        is_still = bool(status) or "--dry-run" in words or words[0] in _READING
        wrong = self._told(words, status, told)
        if is_still:
            wrong += self._untouched(turn)
        elif words[0] in ("undo", "redo"):
            wrong += self._went(words[0], turn)
        elif self._files() != before:
            self.past.append(turn)
            self.undone.clear()
        if not is_still:
            # What is required already is not even looked for.
            wrong += self._agreeing(words, is_bound=words[0] != "add" or self._files() != before)
        return status, wrong + self._litter()

    def _take(self, words: Words) -> tuple[int, str]:
        """Run a command to its end, in a copy of this process."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.place / "home"),
            "TMPDIR": str(self.temporary),
            "PIP_INDEX_URL": self.url,
            "CHAPBOOK_CACHE_DIR": str(self.place / "cache"),
        }

        def work() -> int:
            from chapbook_core.cli import main

            os.environ.clear()
            os.environ.update(variables)
            # It was looked up in the environment of this process.
            tempfile.tempdir = None
            os.chdir(self.folder)
            return main(list(words))

        return in_copy(work)

    def _told(self, words: Words, status: int, told: str) -> list[str]:
        turns = self.past if words[0] == "undo" else self.undone if words[0] == "redo" else []
        is_told = not status or any(f"{kind}: " in told for kind in ("error", "warning"))
        is_wrong = (
            "Traceback" in told
            or "a bug in Chapbook" in told
            or not is_told
            or (status and (turns or words[0] in _NEVER_FAILING))
        )
        return [f"status {status}: {told}"] if is_wrong else []

    def _untouched(self, turn: Turn) -> list[str]:
        wrong = [] if self._files() == turn.files else ["the files of the project were changed"]
        if changed := _difference(turn.environment, turn.left):
            wrong.append(f"the environment was changed: {changed}")
        return wrong

    def _went(self, verb: str, turn: Turn) -> list[str]:
        """Compare where `undo` or `redo` has led with where it had to lead."""
        there, back = (self.past, self.undone) if verb == "undo" else (self.undone, self.past)
        if not there:
            return [f"`{verb}` did something, and there was nothing to be done"]
        expected = there.pop()
        back.append(turn)
        wrong = [] if self._files() == expected.files else [f"`{verb}` did not bring back what was there"]
        is_bound = expected.environment and expected.left == turn.environment and not self.is_apart
        if is_bound and (changed := _difference(turn.left, expected.environment)):
            wrong.append(f"`{verb}` did not bring back the environment: {changed}")
        return wrong

    def _agreeing(self, words: Words, *, is_bound: bool) -> list[str]:
        """Hold project file, lock and environment against each other; that one only where it was to follow."""
        wrong = []
        if "poetry.lock" in self._files():
            wrong += self._failed("check", "--lock", "--deep")
            wrong += self._told_by_poetry(is_synced=words == ("sync",))
        is_bound &= words[0] not in ("remove", "update") or (self.folder / ".venv").exists()
        if words[0] in _INSTALLING and "--lock" not in words and is_bound:
            wrong += judge_environment(self.folder / ".venv", self._locked(), words, _OWN)
        if words == ("sync",):
            status, told = self._take(("sync", "--dry-run", "--format", "json"))
            if status or json.loads(told)["changes"]:
                wrong.append(f"the next `sync` would do something: {told}")
        return wrong

    def _failed(self, *words: str) -> list[str]:
        status, told = self._take(words)
        return [f"`{' '.join(words)}`: {told}"] if status else []

    def _told_by_poetry(self, *, is_synced: bool) -> list[str]:
        if self.poetry is None:
            return []
        answer = self.poetry(self.folder, "check", "--lock")
        wrong = [f"poetry check --lock: {answer.text}"] if "Error" in answer.text else []
        # Poetry takes an editable repository for another package each time, its own ones too.
        is_odd = any(package.get("develop") and package["source"]["type"] == "git" for package in self._locked())
        if is_synced and not is_odd:
            answer = self.poetry(self.folder, "sync", "--dry-run", environment=self.folder / ".venv")
            if not answer.succeeded or re.search(r"\b[1-9]\d* (installs?|updates?|removals?)\b", answer.text):
                wrong.append(f"poetry sync: {answer.text}")
        return wrong

    def _litter(self) -> list[str]:
        litter = [path.name for path in self.folder.iterdir() if path.name not in _BELONGING]
        for path in self.temporary.iterdir():
            litter.append(str(path))
            shutil.rmtree(path, ignore_errors=True)
        for own in (self.folder / ".chapbook", self.folder / ".venv" / ".chapbook"):
            litter += map(str, own.glob("journal*"))
        return [f"left over: {sorted(litter)}"] if litter else []

    def _files(self) -> Files:
        return {name: (self.folder / name).read_bytes() for name in _FILES if (self.folder / name).exists()}

    def _locked(self) -> Sequence[Mapping[str, Any]]:
        lock = self._files().get("poetry.lock")
        packages: list[dict[str, Any]] = tomllib.loads(lock.decode())["package"] if lock else []
        return packages


def _difference(one: Snapshot, other: Snapshot) -> list[str]:
    """Return what differs besides the project itself, which follows its file rather than its past."""
    names = (name for name in one.keys() | other.keys() if f"/{_OWN}-" not in name)
    return sorted(name for name in names if one.get(name) != other.get(name))[:10]
