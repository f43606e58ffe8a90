"""The licence of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from chapbook_core.commands.checks.subject import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_HINT = "write an SPDX expression, as in `MIT` or `MIT OR Apache-2.0`"


def check(subject: Subject) -> Iterator[Finding]:
    """Look for what is no SPDX expression, and for files that do not exist."""
    place = ("project", "license")
    match subject.value(*place):
        case str(text):
            yield from _expression(text)
        case dict(table):
            yield Finding(Severity.WARNING, "a table here is deprecated", place, _HINT)
            if table.keys() not in ({"file"}, {"text"}):
                yield Finding(Severity.ERROR, "needs either `file` or `text`, and nothing else", place, _HINT)
            file = table.get("file")
            if isinstance(file, str) and not (subject.folder / file).is_file():
                yield Finding(Severity.ERROR, f"there is no file `{file}`", (*place, "file"), "correct its name")
        case _:
            pass
    for file_place, glob in subject.texts("project", "license-files"):
        if ".." not in glob and not glob.startswith("/") and not any(subject.folder.glob(glob or "*")):
            yield Finding(Severity.ERROR, f"no file matches `{glob}`", file_place, "correct the pattern, or drop it")


def _expression(text: str) -> Iterator[Finding]:
    place = ("project", "license")
    try:
        normal = canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        yield Finding(Severity.WARNING, f"`{text}` is not an SPDX licence expression", place, _HINT)
        return
    if normal != text:
        yield Finding(Severity.REMARK, f"`{text}` is spelled `{normal}` by SPDX", place, f"write `{normal}`")
