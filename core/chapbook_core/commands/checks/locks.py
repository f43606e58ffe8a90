"""The lock of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.lock.freshness import is_fresh, read_fingerprint

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
