"""The tasks of a project: `[tool.chapbook.tasks]`, names for what people type often."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.project.layout import read_layout
from chapbook_core.project.reading import Findings, Table, noun, place_text
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from chapbook_core.project.layout import Path as TablePath

Words = tuple[str, ...]
_KEYS = frozenset({"run", "needs", "help"})
_PLACE = 3
"""Parts of a path before the name of a task."""
_SHELL_WORDS = frozenset("|&;<>")


@frozen
class Task:
    """One task."""

    name: str
    commands: tuple[Words, ...]
    """Run one after the other, until one fails; no shell reads them."""
    needs: tuple[str, ...] = ()
    """Tasks that are run before."""
    help: str = ""


def read_tasks(tool: Mapping[str, object], file: Path, *, used: str | None = None) -> Mapping[str, Task]:
    """Read the tasks out of `[tool.chapbook]`; raises FileMistakes with everything that is wrong with them.

    With `used`, the name of one or of none, only what is wrong with that one and with what it needs stands against it.
    """
    if "tasks" not in tool:
        return {}
    findings = Findings()
    table = Table(tool, ("tool", "chapbook"), findings).subtable("tasks")
    tasks = {name: _task(table, name) for name in table.names()}
    _check_needs(tasks, table)
    found = findings.found
    if used is not None:
        names = {used, *_needed(tasks, used)}
        found = [finding for finding in found if len(finding.path) <= _PLACE or finding.path[_PLACE] in names]
    if found:
        layout = read_layout(file.read_text("utf-8"))
        raise FileMistakes(
            file,
            [
                Mistake(finding.message, place_text(finding.path), layout.line(finding.path), finding.hint)
                for finding in found
            ],
        )
    return tasks


def in_order(tasks: Mapping[str, Task], name: str) -> tuple[Task, ...]:
    """Return a task after all that it needs, each once."""
    ordered: dict[str, Task] = {}

    def visit(one: str) -> None:
        for needed in tasks[one].needs:
            if needed not in ordered:
                visit(needed)
        ordered[one] = tasks[one]

    visit(name)
    return tuple(ordered.values())


def _task(table: Table, name: str) -> Task:
    value = table.data[name]
    path = (*table.path, name)
    if not isinstance(value, dict):
        return Task(name, tuple(_commands(value, path, table.findings)))
    inside = Table(value, path, table.findings)
    for key in value:
        if key not in _KEYS:
            table.findings.add((*path, key), "is nothing that a task has", f"it has {', '.join(sorted(_KEYS))}")
    if not value.keys() & {"run", "needs"}:
        table.findings.add(path, "does nothing", 'add `run = "..."`, or `needs = [...]`')
    commands = _commands(value.get("run", []), (*path, "run"), table.findings)
    return Task(name, tuple(commands), inside.texts("needs"), inside.text("help") or "")


def _commands(value: object, path: TablePath, findings: Findings) -> Iterator[Words]:
    """Yield the commands of a line, or of a list of lines and lists of words."""
    for number, entry in enumerate(value if isinstance(value, list) else [value]):
        place = (*path, number) if isinstance(value, list) else path
        match entry:
            case str():
                words = _split(entry, place, findings)
            case list() if entry and all(isinstance(word, str) for word in entry):
                words = tuple(entry)
            case _:
                findings.add(place, f"expected a line, or a list of lines, found {noun(entry)}")
                continue
        if words:
            yield words


def _split(line: str, place: TablePath, findings: Findings) -> Words:
    try:
        words = tuple(shlex.split(line))
        apart = shlex.shlex(line, posix=True, punctuation_chars=True)
        apart.whitespace_split = True
        marks = [word for word in apart if set(word) <= _SHELL_WORDS]
    except ValueError as cause:
        findings.add(place, f"cannot be read as a line of words: {str(cause).lower()}")
        return ()
    if not words:
        findings.add(place, "is empty")
    if marks:
        hint = 'no shell reads it: write a list of lines, or `["sh", "-c", "..."]` inside a list'
        findings.add(place, f"`{marks[0]}` would be a word like any other", hint)
    return words


def _check_needs(tasks: Mapping[str, Task], table: Table) -> None:
    for task in tasks.values():
        for number, needed in enumerate(task.needs):
            if needed not in tasks:
                hint = f"there is: {', '.join(f'`{name}`' for name in tasks)}"
                table.findings.add((*table.path, task.name, "needs", number), f"`{needed}` is no task", hint)
    for circle in _circles(tasks):
        shown = " -> ".join(f"`{name}`" for name in circle)
        table.findings.add((*table.path, circle[0], "needs"), f"needs itself: {shown}")


def _circles(tasks: Mapping[str, Task]) -> Iterator[tuple[str, ...]]:
    """Yield each circle of needs once, from the task in it that the file names first."""
    seen: set[frozenset[str]] = set()
    for name in tasks:
        circle = _circle_through(tasks, name)
        if circle and frozenset(circle) not in seen:
            seen.add(frozenset(circle))
            yield circle


def _circle_through(tasks: Mapping[str, Task], name: str) -> tuple[str, ...]:
    """Return a shortest way from a task back to itself."""
    return next((way for way in _ways(tasks, name) if way[-1] == name), ())


def _needed(tasks: Mapping[str, Task], name: str) -> set[str]:
    """Return the tasks that one needs, and those that these need."""
    return {way[-1] for way in _ways(tasks, name)}


def _ways(tasks: Mapping[str, Task], name: str) -> Iterator[tuple[str, ...]]:
    """Yield a shortest way from a task to each one that it needs."""
    ways: list[tuple[str, ...]] = [(name,)]
    reached: set[str] = set()
    for way in ways:
        for needed in tasks[way[-1]].needs if way[-1] in tasks else ():
            if needed not in reached:
                reached.add(needed)
                ways.append((*way, needed))
                yield ways[-1]
