"""Which of a package's locked files is put into an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.file import File
from chapbook_core.index.filename import UnusableName
from chapbook_core.index.policy import reasons_against

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chapbook_core.index.policy import Policy
    from chapbook_core.index.tags import TagOrder
    from chapbook_core.lock.lockfile import LockedFile, LockedPackage

_MOST_SHOWN = 3


class NoFittingFile(ChapbookError):
    """None of the locked files of a package can be installed here."""

    def __init__(self, package: LockedPackage, reasons: Iterable[str], hints: Iterable[str]) -> None:
        self.name = package.name
        told = list(reasons)
        more = f", and {len(told) - _MOST_SHOWN} more" if len(told) > _MOST_SHOWN else ""
        because = f": {'; '.join(told[:_MOST_SHOWN])}{more}" if told else ": the lock lists no files of it"
        super().__init__(f"no file of `{package.name}` {package.version} can be installed here{because}", hints=hints)


def fitting_files(package: LockedPackage, tags: TagOrder, policies: Sequence[Policy] = ()) -> tuple[LockedFile, ...]:
    """Return the files to try, the best first: wheels by tag, then sources; raises NoFittingFile."""
    by_name = {locked.name: locked for locked in package.files}
    names = tuple(by_name)
    if policies:
        names = tuple(name for name in names if not reasons_against(policies, package.name, _file(package, name)))
    chosen = tuple(by_name[name] for name in tags.best_names_first(names))
    if not chosen:
        files = [_file(package, name) for name in by_name]
        raise NoFittingFile(package, _reasons(package, files, tags, policies), _hints(package))
    return chosen


def _file(package: LockedPackage, name: str) -> File:
    return File(name, package.version, "")


def matching_file(locked: LockedFile, offered: Iterable[File]) -> File | None:
    """Return the file of an index that is the locked one: of that name, and of that hash as far as the index tells."""
    algorithm, _, digest = locked.hash.partition(":")
    for file in offered:
        told = file.digest(algorithm)
        if file.filename == locked.name and (told is None or told == digest):
            return file
    return None


def _reasons(
    package: LockedPackage, files: Iterable[File], tags: TagOrder, policies: Sequence[Policy]
) -> Iterator[str]:
    for file in files:
        try:
            reason = " and ".join(reasons_against(policies, package.name, file)) or tags.against(file)
        except UnusableName as problem:
            # As somebody may have written into the lock.
            reason = f"is {problem}"
        yield f"`{file.filename}` {reason}" if reason else f"`{file.filename}` cannot be read"


def _hints(package: LockedPackage) -> tuple[str, ...]:
    if not package.files:
        return ("run `chapbook lock`",)
    return ("use another Python, or require a version of it that has a file for this one",)
