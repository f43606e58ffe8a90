"""The lock of a project, held against the environments that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.resolver.lock_check import Promise

_FILE = "poetry.lock"
_RELOCK = "run `chapbook lock`"


def check(subject: Subject) -> Iterator[Finding]:
    """Look whether what is selected fits together, for each platform, machine, Python, group and extra."""
    if not subject.deep:
        return
    # Only this needs the verification of the resolver.
    from chapbook_core.lock.conflict import has_conflict
    from chapbook_core.lock.poetry_reader import read_lock
    from chapbook_core.resolver.lock_check import check_lock

    file = subject.folder / _FILE
    try:
        text = file.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        # The shallow check tells it.
        return
    if has_conflict(text):
        return
    try:
        faults = check_lock(read_lock(text, file), promise_of(subject.manifest))
    except ChapbookError as error:
        yield Finding(Severity.ERROR, error.message, (), " ".join(error.hints), file=_FILE)
        return
    for fault in faults:
        yield Finding(Severity.ERROR, str(fault), (), _RELOCK, file=_FILE)


def promise_of(manifest: Manifest) -> Promise:
    """Return what a project's lock has to satisfy; raises FileMistakes."""
    # As above.
    from chapbook_core.project.lock_terms import promised_environments
    from chapbook_core.project.resolution_table import read_resolution_table
    from chapbook_core.resolver.lock_check import Promise

    wishes = read_resolution_table(manifest.tool, manifest.file)
    return Promise(
        groups=manifest.groups,
        extras=tuple(manifest.extras),
        python=manifest.python,
        environments=promised_environments(manifest, wishes),
        conflicts=tuple(frozenset((rival.name, rival.is_group) for rival in rivals) for rivals in wishes.conflicts),
        overrides=wishes.overrides,
        constraints=wishes.constraints,
        excludes=frozenset(wishes.exclude),
    )
