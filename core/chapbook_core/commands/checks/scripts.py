"""The commands that a project installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_REFERENCE = late_pattern(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*\s*(?:\[.*\])?")
_TABLES = (("project", "scripts"), ("project", "gui-scripts"), ("tool", "poetry", "scripts"))


def check(subject: Subject) -> Iterator[Finding]:
    """Look for references that call nothing, and extras that do not exist."""
    for table in _TABLES:
        for name, value in subject.table(*table).items():
            place = (*table, name)
            match value:
                case str(reference) if _REFERENCE.fullmatch(reference.strip()) is None:
                    hint = "write it as `package.module:function`"
                    yield Finding(Severity.ERROR, f"`{reference}` does not name a function", place, hint)
                case {"type": "file", "reference": str(file)} if not (subject.folder / file).is_file():
                    yield Finding(Severity.ERROR, f"there is no file `{file}`", place, "correct its name")
                case {"extras": list(extras)}:
                    yield from _extras(subject, name, extras)
                case _:
                    pass


def _extras(subject: Subject, name: str, extras: list[object]) -> Iterator[Finding]:
    place = ("tool", "poetry", "scripts", name, "extras")
    message = f"the script `{name}` depends on extras, which installers no longer look at"
    yield Finding(Severity.WARNING, message, place, "drop `extras`")
    known = subject.table("tool", "poetry", "extras")
    for extra in extras:
        if extra not in known:
            message = f"the script `{name}` wants the extra `{extra}`, which does not exist"
            yield Finding(Severity.ERROR, message, place, "correct its name, or drop it")
