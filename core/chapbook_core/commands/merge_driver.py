"""Lets git merge locks: `git merge` calls back here instead of leaving conflict marks in `poetry.lock`."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Result, Span
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.lock.merge import merge_locks
from chapbook_core.lock.poetry_format import format_lock
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.project.discovery import LOCK_FILE, find_project
from chapbook_core.project.writing import write_file
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import Lock

_NAME = "chapbook"
_RULE = f"{LOCK_FILE} merge={_NAME}"
# git replaces %O, %A and %B by files with the common ancestor, our and their side; ours is also where the result goes.
_DRIVER = "{program} merge-driver run %O %A %B"


class NoGit(ChapbookError):
    """The project is in no git repository, or there is no git."""

    def __init__(self, folder: Path, cause: str) -> None:
        super().__init__(
            f"git cannot be told to merge the lock of {folder}: {cause}",
            hints=["install git, and run `git init` in the project first"],
        )


@frozen
class DriverInstalled(Result):
    """git knows how to merge locks."""

    attributes: Path
    is_rule_new: bool

    def report(self) -> tuple[Block, ...]:
        """Tell it, and what the others have to do."""
        verb = "added" if self.is_rule_new else "found"
        return (
            Line((f"{verb} the rule `{_RULE}` in ", Span(str(self.attributes), "strong"))),
            Line("git merges the lock in this clone; run this command in every other clone too"),
        )


@frozen
class DriverRan(Result):
    """Two sides of a lock were merged."""

    decisions: tuple[str, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell what was decided, and what comes next."""
        return (*map(Line, self.decisions), Line(f"merged {LOCK_FILE}; run `chapbook lock` when the merge is done"))


def install(_invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Result:
    """Add the rule to `.gitattributes` and the driver to the configuration of this clone."""
    folder = find_project(surroundings.start)
    _git(folder, "config", f"merge.{_NAME}.name", "package-wise merge of poetry.lock")
    _git(folder, "config", f"merge.{_NAME}.driver", _DRIVER.format(program=_program(surroundings)))
    attributes = folder / ".gitattributes"
    try:
        content = attributes.read_bytes()
    except FileNotFoundError:
        content = b""
    is_rule_new = _RULE.encode() not in content.splitlines()
    if is_rule_new:
        separator = b"" if not content or content.endswith(b"\n") else b"\n"
        write_file(attributes, content + separator + _RULE.encode() + b"\n")
    return DriverInstalled(attributes, is_rule_new)


def _program(surroundings: Surroundings) -> str:
    """Return how git can start this program: by its name where that is found, else by where it is."""
    if shutil.which("chapbook", path=surroundings.variables.get("PATH", "")):
        return "chapbook"
    return f"{shlex.quote(sys.executable)} -m chapbook_core.cli"


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Result:
    """Merge what git hands over; the result replaces our side."""
    names = invocation.texts("files")
    if len(names) != len(("base", "ours", "theirs")):
        raise UsageError("`merge-driver run` takes three files: the common ancestor, our side and their side")
    base, ours, theirs = (surroundings.folder / name for name in names)
    merge = merge_locks(_read(ours), _read(theirs), _read(base) if base.stat().st_size else None)
    line_ending = "\r\n" if b"\r\n" in ours.read_bytes()[:4096] else "\n"
    write_file(ours, format_lock(merge.lock, line_ending=line_ending).encode())
    return DriverRan(
        tuple(
            f"{decision.name}: {', '.join(decision.ours) or 'none'} here, {', '.join(decision.theirs) or 'none'} there;"
            f" took {', '.join(decision.kept) or 'none'}"
            for decision in merge.decisions
        )
    )


def _read(file: Path) -> Lock:
    return read_lock(file.read_text("utf-8"), file)


def _git(folder: Path, *words: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603  the words are ours
            ["git", "-C", folder, *words],  # noqa: S607  the person's own git
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoGit(folder, str(error)) from error
    if done.returncode:
        raise NoGit(folder, done.stderr.strip() or f"exit status {done.returncode}")
