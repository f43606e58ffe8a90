"""A project at a glance: what it is, whether its parts agree, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands import status
from chapbook_core.commands.command import Invocation
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.report import Block, Data, Heading, Line, Message, Result, Span, Table, as_data
from chapbook_core.errors import ChapbookError
from chapbook_core.project.discovery import ProjectNotFound
from chapbook_core.project.manifest import read_manifest
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.report import Text
    from chapbook_core.commands.status import ProjectStatus, Standing
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_LOCKS = {
    "fresh": Span("up to date", "good"),
    "stale": Span("does not belong to this pyproject.toml", "warn"),
    "missing": Span("none", "warn"),
}
_MOST_DIFFERENCES = 5


@frozen
class Glance(Result):
    """What a person wants to know first."""

    state: ProjectStatus
    version: str
    allowed: str
    """The Pythons that the project is for."""

    @property
    def next_commands(self) -> tuple[tuple[str, str], ...]:
        """What to do next, the most urgent first: a command and why."""
        return tuple(self._next())

    def report(self) -> tuple[Block, ...]:
        """Tell it in a few lines."""
        state = self.state
        title: Text = (Span(state.project, "strong"), *((" ", Span(self.version, "version")) if self.version else ()))
        rows: list[tuple[Text, ...]] = [
            (Span("folder", "dim"), str(state.folder)),
            (Span("packages", "dim"), f"{self._declared} declared, {self._locked} locked"),
            (Span("lock", "dim"), _LOCKS[state.lock]),
            (Span("environment", "dim"), self._environment()),
        ]
        blocks: list[Block] = [Line(title), Table(tuple(rows))]
        blocks += [Message("warning", warning) for warning in state.warnings]
        if self.next_commands:
            blocks.append(Heading("Next"))
            blocks.append(Table(tuple((Span(f"chapbook {words}", "name"), why) for words, why in self.next_commands)))
        return tuple(blocks)

    def data(self) -> Data:
        """Return it as JSON tells it: the state of the project, and what to do."""
        state = self.state.data()
        members = state if isinstance(state, dict) else {}
        next_commands: list[Data] = [{"command": words, "why": why} for words, why in self.next_commands]
        return {**members, "version": self.version or None, "allowed": self.allowed, "next": next_commands}

    @property
    def _declared(self) -> int:
        return sum(bool(one.declared) for one in self.state.packages)

    @property
    def _locked(self) -> int:
        return sum(bool(one.locked) for one in self.state.packages)

    def _differing(self, *drifts: str) -> list[Standing]:
        return [one for one in self.state.packages if one.drift in drifts]

    def _environment(self) -> Text:
        state = self.state
        if state.condition == "absent":
            return (Span("none yet", "warn"), f"; the project is for Python {self.allowed}")
        python = f"Python {state.python}" if state.python else str(state.environment)
        if state.condition != "sound":
            return (f"{python}, ", Span(state.condition, "bad"))
        if waiting := self._differing("waiting"):
            return (f"{python}, ", Span(f"restart the kernel to change {_named(waiting)}", "warn"))
        if different := self._differing("not installed", "another version"):
            return (f"{python}, ", Span(f"differs from the lock: {_named(different)}", "warn"))
        if restart := self._differing("restart"):
            return (f"{python}, ", Span(f"the kernel has loaded another {_named(restart)}", "warn"))
        return (f"{python}, ", Span("ready", "good")) if state.lock == "fresh" else python

    def _next(self) -> Iterator[tuple[str, str]]:
        state = self.state
        if state.lock != "fresh":
            yield "lock", "choose versions for what the project requires"
        if state.condition == "absent":
            yield "install", "make the environment, and install what is locked"
        elif state.condition != "sound":
            yield "env info", "see what is wrong with the environment"
        elif self._differing("not installed", "another version") and not self._differing("waiting"):
            yield "install", "install what is locked"
        if not self._declared:
            yield "add NAME", "require a first package"


@frozen
class NoGlance(Result):
    """There is no project to look at."""

    folder: Path

    def report(self) -> tuple[Block, ...]:
        """Say how to make one."""
        return (
            Line(f"There is no project in `{self.folder}` or any folder above it"),
            Table(((Span("chapbook init", "name"), "make a project here"),)),
        )

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return {
            "project": None,
            "folder": as_data(self.folder),
            "next": [{"command": "init", "why": "make a project here"}],
        }


@frozen
class BrokenGlance(Result):
    """There is a project, and it cannot be read."""

    message: str
    hints: tuple[str, ...]

    def report(self) -> tuple[Block, ...]:
        """Say what is wrong with it."""
        return (Message("error", self.message, self.hints),)


def glance_at(surroundings: Surroundings, watcher: Watcher) -> Result:
    """Look at the project of a folder; nothing is run, nothing is asked, and what is wrong is part of the answer."""
    try:
        state = status.run(Invocation(BY_NAME["status"]), surroundings, watcher)
        manifest = read_manifest(state.folder / "pyproject.toml")
    except ProjectNotFound:
        return NoGlance(surroundings.start)
    except ChapbookError as error:
        return BrokenGlance(error.message, error.hints)
    return Glance(state, manifest.version or "", manifest.python_text or "*")


def _named(packages: list[Standing]) -> str:
    names = ", ".join(one.name for one in packages[:_MOST_DIFFERENCES])
    more = len(packages) - _MOST_DIFFERENCES
    return f"{names} and {more} more" if more > 0 else names
