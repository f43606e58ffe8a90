"""Note in notebooks which environment has produced their outputs, and tell whether it is still the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.notebook_stamp import Stamp, present_stamp, present_versions, read_stamp, write_stamp
from chapbook_core.commands.report import Block, Line, Message, Result, Span, Table
from chapbook_core.commands.session import open_session
from chapbook_core.errors import UsageError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


@frozen
class Stamped(Result):
    """Notebooks that say what their outputs come from."""

    notebooks: tuple[str, ...]
    stamps: tuple[Stamp, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each."""
        blocks: list[Block] = []
        for name, stamp in zip(self.notebooks, self.stamps, strict=True):
            versions = ", ".join(f"{package} {version}" for package, version in stamp.imports.items())
            told = f"Python {stamp.python}, {versions}" if versions else f"Python {stamp.python}"
            blocks.append(Line(("Stamped ", Span(name, "strong"), f": {told}")))
        hint = "if one is open in Jupyter, reload it from the disk before it is saved again"
        return (*blocks, Message("note", "the stamp stands in the file", (hint,)))


@frozen
class Difference:
    """Something that is another one than when the outputs were made."""

    name: str
    before: str
    now: str
    """Empty when it is not there."""
    is_imported: bool = True
    """Whether the notebook imports it itself."""


@frozen
class Verified:
    """What became of one notebook."""

    notebook: str
    is_stamped: bool
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether today's environment would be stamped the same."""
        return self.is_stamped and not self.differences


@frozen
class Verification(Result):
    """Whether outputs come from the environment that there is today."""

    notebooks: tuple[Verified, ...]

    @property
    def exit_status(self) -> int:
        """Fails unless all are the same."""
        return int(not all(one.is_same for one in self.notebooks))

    def report(self) -> tuple[Block, ...]:
        """Tell each notebook, and what is different."""
        blocks: list[Block] = []
        for one in self.notebooks:
            name = Span(one.notebook, "strong")
            if not one.is_stamped:
                blocks.append(Line((name, ": carries no stamp")))
            elif one.is_same:
                blocks.append(Line((name, ": ", Span("today's environment is the one", "good"))))
            else:
                blocks.append(Line((name, ": ", Span("the outputs come from another environment", "bad"))))
                rows = tuple(
                    (
                        Span(each.name, "name" if each.is_imported else "dim"),
                        Span(each.before or "not there", "version"),
                        "->",
                        Span(each.now or "not there", "version"),
                    )
                    for each in one.differences
                )
                blocks.append(Table(rows, indent=2))
            blocks += [Message("note", f"{one.notebook}: {note}") for note in one.notes]
        if any(not one.is_stamped for one in self.notebooks):
            blocks.append(Message("note", "what is not stamped cannot be verified", ("run `chapbook stamp NOTEBOOK`",)))
        return tuple(blocks)


def stamp(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Stamped:
    """Write the stamp into each notebook."""
    session = open_session(surroundings, watcher)
    files = _notebooks(invocation, surroundings)
    # Nothing is written unless all can be.
    stamps = tuple(present_stamp(session, file) for file in files)
    for file, one in zip(files, stamps, strict=True):
        write_stamp(file, one)
    return Stamped(tuple(_shown(file, surroundings) for file in files), stamps)


def verify(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Verification:
    """Compare the stamp of each notebook with what it would be today."""
    session = open_session(surroundings, watcher)
    verified = []
    versions = present_versions(session)
    for file in _notebooks(invocation, surroundings):
        before = read_stamp(file)
        shown = _shown(file, surroundings)
        if before is None:
            verified.append(Verified(shown, is_stamped=False))
            continue
        now = present_stamp(session, file)
        differences = tuple(_differences(before, now, versions))
        verified.append(Verified(shown, is_stamped=True, differences=differences, notes=tuple(_notes(before, now))))
    return Verification(tuple(verified))


def _differences(before: Stamp, now: Stamp, versions: Mapping[str, str]) -> Iterator[Difference]:
    if _minor(before.python) != _minor(now.python):
        yield Difference("python", before.python, now.python)
    # Only what the outputs were made with counts: cells may have come since that import more, or gone that imported it.
    for name, version in sorted(before.versions.items(), key=lambda item: (item[0] not in before.imports, item[0])):
        if versions.get(name, "") != version:
            yield Difference(name, version, versions.get(name, ""), is_imported=name in before.imports)


def _notes(before: Stamp, now: Stamp) -> Iterator[str]:
    if before.code != now.code:
        yield "its code was edited since it was stamped"
    if before.python != now.python and _minor(before.python) == _minor(now.python):
        yield f"it was made with Python {before.python}, and this is {now.python}"
    if before.platform != now.platform:
        yield f"it was made on {before.platform}, and this is {now.platform}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _notebooks(invocation: Invocation, surroundings: Surroundings) -> tuple[Path, ...]:
    names = invocation.texts("notebook")
    if names:
        return tuple(surroundings.folder / Path(name).expanduser() for name in names)
    if surroundings.notebook is None:
        raise UsageError(
            "no notebook is named", hints=[f"name it: `chapbook {invocation.command.name} analysis.ipynb`"]
        )
    return (surroundings.notebook,)


def _shown(file: Path, surroundings: Surroundings) -> str:
    return file.relative_to(surroundings.folder).as_posix() if file.is_relative_to(surroundings.folder) else str(file)
