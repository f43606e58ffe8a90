"""The Pythons a project says it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.requirements.constraint import InvalidConstraint, NoSpecifier, parse_constraint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_FAR = "9999"
"""A major version beyond every Python."""
_PARTS = 3
"""Of a release's number; fewer name a Python to people, and its first release to a constraint."""


def check(subject: Subject) -> Iterator[Finding]:
    """Look for a range that says nothing, has no end, is a single release, or is one to Poetry alone."""
    poetry = ("tool", "poetry", "dependencies", "python")
    if subject.value(*poetry) == "*":
        yield Finding(Severity.WARNING, "`*` says nothing about Python", poetry, "write the range, as in `>=3.11,<4.0`")
    has_project = bool(subject.table("project"))
    declared = subject.value("project", "requires-python") is not None
    if (
        has_project
        and not declared
        and subject.value(*poetry) is not None
        and "requires-python" not in _dynamic(subject)
    ):
        yield Finding(
            Severity.WARNING,
            "only Poetry reads this, because `requires-python` is neither given nor dynamic",
            poetry,
            "write `requires-python` under [project]",
        )
    place = ("project", "requires-python") if declared else poetry
    python = subject.manifest.python
    if python.is_any:
        # A text that nobody understands says something all the same; that it is wrong is told of it already.
        if subject.value(*place) in (None, python.text):
            message = "the project does not say which Pythons it is for"
            yield Finding(Severity.WARNING, message, (), 'add `requires-python = ">=3.11"` under [project]')
    elif not subject.manifest.package_mode and not python.is_disjoint(parse_constraint(f">={_FAR}")):
        yield Finding(
            Severity.REMARK,
            f"`{python.text}` has no upper end, so the lock must also suit Pythons that nobody has yet",
            place,
            "notebooks run on one Python: give the range an end, as in `>=3.11,<3.13`",
        )
    release = python.poetry_text()
    if release.replace(".", "").isdigit() and release.count(".") < _PARTS - 1:
        first = release + (_PARTS - 1 - release.count(".")) * ".0"
        yield Finding(
            Severity.WARNING,
            f"`{python.text}` is Python {first} alone, and none of the releases after it",
            place,
            f"write `=={release}.*` for all of them, or a range, as in `>={release},<4.0`",
        )
    elif not python.is_any and declared:
        yield from _in_words_of_the_standard(subject)


def _in_words_of_the_standard(subject: Subject) -> Iterator[Finding]:
    place = ("project", "requires-python")
    text = subject.value(*place)
    if not isinstance(text, str) or _is_standard(text):
        return
    try:
        hint = f"write it as they do: `{parse_constraint(text).specifier_text()}`"
    except InvalidConstraint:
        return  # Told of already.
    except NoSpecifier as unsayable:
        hint = unsayable.hints[0]
    yield Finding(Severity.WARNING, f"only Poetry reads `{text}` here; pip and uv refuse it", place, hint)


def _is_standard(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _dynamic(subject: Subject) -> frozenset[str]:
    return frozenset(text for _, text in subject.texts("project", "dynamic"))
