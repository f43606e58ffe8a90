"""Which of a package's locked files is put into an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.file import File

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from chapbook_core.index.tags import TagOrder
    from chapbook_core.lock.lockfile import LockedFile, LockedPackage

ALL, NONE = ":all:", ":none:"
_MOST_SHOWN = 3


class NoFittingFile(ChapbookError):
    """None of the locked files of a package can be installed here."""

    def __init__(self, package: LockedPackage, reasons: Iterable[str], hints: Iterable[str]) -> None:
        self.name = package.name
        told = list(reasons)
        more = f", and {len(told) - _MOST_SHOWN} more" if len(told) > _MOST_SHOWN else ""
        because = f": {'; '.join(told[:_MOST_SHOWN])}{more}" if told else ": the lock lists no files of it"
        super().__init__(f"no file of `{package.name}` {package.version} can be installed here{because}", hints=hints)


@dataclass(frozen=True, slots=True)
class FilePolicy:
    """The kinds of files that a person refuses: names of packages, `:all:`, or `:none:` to begin anew."""

    no_binary: tuple[str, ...] = ()
    only_binary: tuple[str, ...] = ()

    def against(self, name: str, *, is_wheel: bool) -> str:
        """Return why a file of a package is refused; nothing when it is not."""
        if is_wheel and _names(self.no_binary, name):
            return "is a wheel, which `installer.no-binary` refuses"
        if not is_wheel and _names(self.only_binary, name):
            return "is source, which `installer.only-binary` refuses"
        return ""


def fitting_files(package: LockedPackage, tags: TagOrder, policy: FilePolicy) -> tuple[LockedFile, ...]:
    """Return the files to try, the best first: wheels by tag, then sources; raises NoFittingFile."""
    by_name = {locked.name: locked for locked in package.files}
    files = [File(name, package.version, "") for name in by_name]
    allowed = [file for file in files if not policy.against(package.name, is_wheel=file.is_wheel)]
    chosen = tuple(by_name[file.filename] for file in tags.best_first(allowed))
    if not chosen:
        raise NoFittingFile(package, _reasons(package, files, tags, policy), _hints(package))
    return chosen


def matching_file(locked: LockedFile, offered: Iterable[File]) -> File | None:
    """Return the file of an index that is the locked one: of that name, and of that hash as far as the index tells."""
    algorithm, _, digest = locked.hash.partition(":")
    for file in offered:
        told = file.digest(algorithm)
        if file.filename == locked.name and (told is None or told == digest):
            return file
    return None


def _names(names: Collection[str], name: str) -> bool:
    return name in names or (ALL in names and NONE not in names)


def _reasons(package: LockedPackage, files: Iterable[File], tags: TagOrder, policy: FilePolicy) -> Iterator[str]:
    for file in files:
        reason = policy.against(package.name, is_wheel=file.is_wheel) or tags.against(file)
        yield f"`{file.filename}` {reason}" if reason else f"`{file.filename}` cannot be read"


def _hints(package: LockedPackage) -> tuple[str, ...]:
    if not package.files:
        return ("run `chapbook lock`",)
    return ("use another Python, or require a version of it that has a file for this one",)
