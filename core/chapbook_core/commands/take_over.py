"""Take over the requirements that another tool's files hold, in the versions that they hold."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.declarations.interchange import IMPORT_FORMATS
from chapbook_core.commands.import_formats.detection import UnknownFormat, format_of, reader_of
from chapbook_core.commands.import_formats.harvest import Harvest, source_name
from chapbook_core.commands.import_formats.merging import merged_wishes
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.report import Block, Change, Line, Message, Result, Span
from chapbook_core.commands.session import open_session
from chapbook_core.errors import ChapbookError, FileMistakes
from chapbook_core.project.discovery import LOCK_FILE
from chapbook_core.project.document import read_document
from chapbook_core.project.groups import MAIN
from chapbook_core.project.source import Source
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.import_formats.harvest import Pin, Wish
    from chapbook_core.commands.locking import LockOutcome
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.errors import Mistake
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.project.document import Document


_STRANGE = "find out who has made it before you install it; `chapbook undo` takes the import back"


class NotImported(ChapbookError):
    """Files hold what cannot be understood; nothing of them is taken over."""

    def __init__(self, mistakes: Mapping[Path, Iterable[Mistake]]) -> None:
        errors = [FileMistakes(file, found) for file, found in mistakes.items()]
        hints = dict.fromkeys(hint for error in errors for hint in error.hints)
        super().__init__("\n".join(error.message for error in errors), hints=hints)


@frozen
class Added:
    """A requirement that the project did not have."""

    requirement: str
    where: str


@frozen
class LostPin:
    """A version that could not be kept."""

    name: str
    version: str
    instead: str
    """What is locked; empty when the package is not needed at all."""


@frozen
class TakenOver(Result):
    """What became of the files."""

    added: tuple[Added, ...]
    present: tuple[str, ...]
    """Packages that the project required before."""
    sources: tuple[str, ...]
    is_written: bool
    kept: int | None = None
    """How many versions were kept; None when nothing was locked."""
    lost: tuple[LostPin, ...] = ()
    strange: tuple[str, ...] = ()
    """Packages of whose locked files none has a hash that was imported."""
    packages: int | None = None
    remarks: tuple[str, ...] = ()
    changes: tuple[Change, ...] = field(default=(), repr=False)

    def report(self) -> tuple[Block, ...]:
        """Tell what was added and kept, then what needs a look."""
        verb = "Added" if self.is_written else "Would add"
        blocks: list[Block] = [
            Line((f"{verb} ", Span(added.requirement, "name"), f" to {added.where}")) for added in self.added
        ]
        blocks += [Line(f"{verb} the source {name}") for name in self.sources]
        blocks += [Line(f"`{name}` is required already, and stays as it is") for name in self.present]
        if not self.added:
            blocks.append(Line("There was nothing to add"))
        if self.packages is not None:
            verb = "Wrote" if self.is_written else "Would write"
            kept = f", {self.kept} of them as in what was imported" if self.kept else ""
            blocks.append(Line((f"{verb} ", Span(LOCK_FILE, "strong"), f": {_count(self.packages)}{kept}")))
        blocks += [Message("note", remark) for remark in self.remarks]
        blocks += [Message("warning", _lost_text(pin)) for pin in self.lost if pin.instead]
        blocks += [Message("warning", _strange_text(name), (_STRANGE,)) for name in self.strange]
        return tuple(blocks)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> TakenOver:
    """Read the files, then write project file and lock, or neither."""
    session = open_session(surroundings, watcher)
    document = read_document(session.manifest.file)
    harvest = Harvest(session.manifest.folder, invocation.text("group") or MAIN)
    for name in invocation.texts("file"):
        read_file_into(harvest, surroundings.folder / Path(name).expanduser(), name, invocation.text("from"))
    if harvest.mistakes:
        raise NotImported(harvest.mistakes)
    sources = tuple(_add_sources(document, session, harvest))
    added, present = _add_wishes(document, session, harvest)
    is_written = not invocation.flag("dry-run")
    outcome = None if invocation.flag("no-lock") else _locked(session, document, harvest, invocation)
    if is_written and outcome is None:
        document.write()
    elif is_written and outcome is not None:
        from chapbook_core.commands.changing import Proposal  # brings the solver, which `--no-lock` spares

        Proposal(session, document, outcome).write()
    kept, lost = _fate(harvest.pins, outcome.lock) if outcome is not None else (None, [])
    return TakenOver(
        added=tuple(added),
        present=tuple(present),
        sources=sources,
        is_written=is_written,
        kept=kept,
        lost=tuple(lost),
        strange=tuple(_strange(harvest.pins, outcome.lock)) if outcome is not None else (),
        packages=len(outcome.lock.packages) if outcome is not None else None,
        remarks=tuple(map(str, harvest.remarks)),
    )


def read_file_into(harvest: Harvest, path: Path, shown: str, given: str | None = None) -> None:
    """Take what a file of any known format holds; `given` is its format, where the name does not tell."""
    file = Path(shown)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        harvest.mistake(file, "it is not UTF-8", hint="save it as UTF-8 and try again")
        return
    except OSError as error:
        harvest.mistake(file, f"it cannot be read: {error.strerror or error}")
        return
    name = given or format_of(path.name, text)
    if name is None:
        raise UnknownFormat(file, IMPORT_FORMATS)
    reader_of(name)(text, path, harvest)


def _add_sources(document: Document, session: Session, harvest: Harvest) -> Iterator[str]:
    """Add the indexes that the project does not ask already; the default one is everybody's."""
    from chapbook_core.index.default_index import NoDefaultIndex, distlib_root  # costs a look at pip's settings

    known = {place.url.rstrip("/") for place in session.sources.places}
    with suppress(NoDefaultIndex):
        known.add(distlib_root().rstrip("/"))
    names = [place.name for place in session.sources.places]
    for found in harvest.sources:
        if found.url.rstrip("/") in known:
            continue
        is_free = found.name and found.name.lower() not in {name.lower() for name in names}
        name = found.name if is_free else source_name(found.url, names)
        names.append(name)
        document.add_source(Source(name, found.url, found.priority))
        yield name


def _add_wishes(document: Document, session: Session, harvest: Harvest) -> tuple[list[Added], list[str]]:
    added: list[Added] = []
    present: dict[str, None] = {}
    python = python_marker(session.manifest.python)
    pinned = {pin.name for pin in harvest.pins}
    unplaced = {
        (group.name, requirement.name)
        for group in session.manifest.groups
        for requirement in group.requirements
        if isinstance(requirement.origin, IndexOrigin)
    }
    for wish, allows_more in merged_wishes(harvest.wishes, python):
        requirement = wish.requirement
        if requirement.marker.is_disjoint(python):
            harvest.remark(
                session.manifest.file, f"`{requirement.pretty_name}` is left out: no Python of the project needs it"
            )
            continue
        if document.requires(requirement.name, group=wish.group, extra=wish.extra) and not _says_where(wish, unplaced):
            present[requirement.pretty_name] = None
            continue
        if allows_more and requirement.name not in pinned:
            message = f"the versions of `{requirement.pretty_name}` cannot be said in one word; more are allowed now"
            harvest.remark(session.manifest.file, message)
        document.add_requirement(requirement, group=wish.group, extra=wish.extra)
        added.append(Added(_shown(wish), _where(wish)))
    return added, list(present)


def _says_where(wish: Wish, unplaced: Collection[tuple[str, str]]) -> bool:
    """Tell whether a wish names the place of a package that the project requires by its name alone.

    So it is in the project file of uv, which has the places in a table of its own: an index may know that name too.
    """
    is_direct = not isinstance(wish.requirement.origin, IndexOrigin)
    return is_direct and (canonical_name(wish.group), wish.requirement.name) in unplaced


def _shown(wish: Wish) -> str:
    requirement = wish.requirement
    constraint = requirement.constraint.text.strip()
    named = requirement.pretty_name + (f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else "")
    return f"{named} ({constraint})" if constraint else named


def _where(wish: Wish) -> str:
    if wish.extra is not None:
        return f"the extra {wish.extra}"
    return "the project" if wish.group == MAIN else f"the group {wish.group}"


def _locked(session: Session, document: Document, harvest: Harvest, invocation: Invocation) -> LockOutcome:
    """Lock what the edited project file says, with the versions of the files where they fit together."""
    from chapbook_core.commands.locking import LockRequest, lock_project  # brings the solver, as the next two
    from chapbook_core.resolver.explain import NoSolution
    from chapbook_core.resolver.problem import LockedVersion

    edited = replace(session, manifest=document.manifest())
    pins = tuple(
        LockedVersion(pin.name, pin.version, _origin(edited, pin.name), pin.marker.node) for pin in harvest.pins
    )
    try:
        return lock_project(edited, LockRequest(pins=pins, mode=index_mode(invocation)))
    except NoSolution as error:
        error.hints = (*error.hints, "nothing was written; `--no-lock` writes pyproject.toml alone, to be edited")
        raise


def _origin(session: Session, name: str) -> IndexOrigin | None:
    """Return the source that a package is bound to; one that may come from anywhere has none."""
    sources = session.sources.pinned.get(name, frozenset())
    return IndexOrigin(min(sources)) if sources else None


def _fate(pins: Iterable[Pin], lock: Lock) -> tuple[int, list[LostPin]]:
    """Tell how many of the versions are locked, and what became of the others."""
    locked: dict[str, list[str]] = {}
    for package in lock.packages:
        locked.setdefault(package.name, []).append(package.version)
    kept, lost = 0, []
    for pin in pins:
        versions = locked.get(pin.name, [])
        if pin.version in versions:
            kept += 1
        else:
            lost.append(LostPin(pin.name, pin.version, ", ".join(versions)))
    return kept, lost


def _strange(pins: Iterable[Pin], lock: Lock) -> Iterator[str]:
    """Yield the packages that are locked in a version that was imported, and in none of its files."""
    named = {(pin.name, pin.version): pin.hashes for pin in pins if pin.hashes}
    for package in lock.packages:
        hashes = named.get((package.name, package.version), frozenset())
        kinds = {text.partition(":")[0] for text in hashes}
        locked = {file.hash for file in package.files if file.hash.partition(":")[0] in kinds}
        if locked and locked.isdisjoint(hashes):
            yield f"{package.name} {package.version}"


def _strange_text(name: str) -> str:
    return f"what the index has as `{name}` is none of the files whose hashes were imported"


def _lost_text(pin: LostPin) -> str:
    return f"`{pin.name}` could not stay at {pin.version}: {pin.instead} is locked"


def _count(packages: int) -> str:
    return f"{packages} package{'' if packages == 1 else 's'}"
