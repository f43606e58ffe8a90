"""The lock of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.errors import ChapbookError, FileMistakes
from chapbook_core.lock.completeness import lacking
from chapbook_core.lock.freshness import is_fresh, read_fingerprint
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.project.lock_terms import exempt_names, promised_environments
from chapbook_core.project.resolution_table import read_resolution_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_FILE = "poetry.lock"
_RELOCK = "run `chapbook lock`"
_CONFLICT_MARKS = ("<<<<<<< ", ">>>>>>> ")


def check(subject: Subject) -> Iterator[Finding]:
    """Look whether the lock is there, readable, and made from this project file."""
    try:
        text = (subject.folder / _FILE).read_bytes().decode()
    except FileNotFoundError:
        if subject.lock_needed:
            yield Finding(Severity.ERROR, "does not exist", (), _RELOCK, file=_FILE)
        return
    except UnicodeDecodeError:
        yield Finding(Severity.ERROR, "is not UTF-8 text", (), _RELOCK, file=_FILE)
        return
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        yield Finding(Severity.ERROR, message, (), "give yourself permission to read it", file=_FILE)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(_CONFLICT_MARKS):
            message = "holds both sides of a merge"
            yield Finding(Severity.ERROR, message, (), f"{_RELOCK}, which joins the two", file=_FILE, line=number)
            return
    fingerprint = read_fingerprint(text)
    if fingerprint is None:
        yield Finding(Severity.ERROR, "is not a lock file", (), _RELOCK, file=_FILE)
    elif not is_fresh(fingerprint, subject.manifest.data):
        yield Finding(Severity.ERROR, "was made from another state of pyproject.toml", (), _RELOCK, file=_FILE)
    elif not fingerprint.lock_version.startswith(("1.", "2.")):
        message = f"has the format {fingerprint.lock_version or 'of nobody'}, which cannot be read"
        yield Finding(Severity.ERROR, message, (), _RELOCK, file=_FILE)
    else:
        yield from _lacking(subject, text)


def _lacking(subject: Subject, text: str) -> Iterator[Finding]:
    """Read what is locked: somebody may have emptied it, and its fingerprint fits all the same."""
    manifest = subject.manifest
    try:
        lock = read_lock(text, subject.folder / _FILE)
        wishes = read_resolution_table(manifest.tool, manifest.file)
        environments = promised_environments(manifest, wishes)
        for each in lacking(lock, manifest.groups, exempt_names(manifest, wishes), environments):
            yield Finding(Severity.ERROR, f"holds no {each}", (), _RELOCK, file=_FILE)
    except FileMistakes as error:
        for mistake in error.mistakes if error.file.name == _FILE else ():
            message = f"{mistake.place}: {mistake.message}" if mistake.place else mistake.message
            yield Finding(Severity.ERROR, message, (), mistake.hint or _RELOCK, file=_FILE, line=mistake.line)
    except ChapbookError as error:
        yield Finding(Severity.ERROR, error.message, (), " ".join(error.hints), file=_FILE)
