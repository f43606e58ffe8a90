"""The long description of a project."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.checks.subject import Subject

_TYPES = {".md": "text/markdown", ".rst": "text/x-rst", ".txt": "text/plain", "": "text/plain"}


def check(subject: Subject) -> Iterator[Finding]:
    """Look for files that are absent, unreadable, elsewhere, or of different types."""
    files = subject.manifest.readme
    place = ("project", "readme") if subject.value("project", "readme") is not None else ("tool", "poetry", "readme")
    for file in files:
        reason = _reason(subject.folder, file)
        if reason:
            yield Finding(Severity.ERROR, f"`{file}` {reason}", place, "correct the name, or drop the key")
    types = sorted({_type(file) for file in files})
    if len(types) > 1:
        message = f"the files are of different types: {', '.join(types)}"
        yield Finding(Severity.ERROR, message, place, "an index shows one type: give all files the same ending")
    if subject.manifest.about.readme.content_type is None:
        for file in files:
            if PurePosixPath(file).suffix.lower() not in _TYPES:
                message = f"nobody knows how to show `{file}`"
                yield Finding(Severity.WARNING, message, place, "use a file that ends with .md, .rst or .txt")


def _reason(folder: Path, file: str) -> str:
    path = folder / file
    try:
        if not path.is_file():
            return "does not exist" if not path.exists() else "is not a file"
        if not path.resolve().is_relative_to(folder.resolve()):
            return "is outside the project"
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return ""


def _type(file: str) -> str:
    return _TYPES.get(PurePosixPath(file).suffix.lower(), "text/plain")
