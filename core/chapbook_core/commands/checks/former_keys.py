"""Keys of [tool.poetry] that have a place in [project], or none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands import former_dev_group
from chapbook_core.commands.checks.subject import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_HOMES = {
    "name": "name",
    "version": "version",
    "description": "description",
    "readme": "readme",
    "license": "license",
    "authors": "authors",
    "maintainers": "maintainers",
    "keywords": "keywords",
    "classifiers": "classifiers",
    "homepage": "urls",
    "repository": "urls",
    "documentation": "urls",
    "urls": "urls",
    "plugins": "entry-points",
    "extras": "optional-dependencies",
}
"""The key of [project] that has taken over, by the key of [tool.poetry]."""
_STILL_USEFUL = {
    "version": "a version that the build sets",
    "readme": "several files",
    "classifiers": "classifiers that Poetry completes itself",
}
"""What [tool.poetry] can still say better, when the key is dynamic."""


def check(subject: Subject) -> Iterator[Finding]:
    """Look for what is said twice, or in the former place."""
    dynamic = {text for _, text in subject.texts("project", "dynamic")}
    for key, home in _HOMES.items():
        if key in subject.table("tool", "poetry"):
            yield from _duplicate(subject, key, home, dynamic)
    if subject.value(*former_dev_group.PLACE) is not None:
        yield Finding(Severity.WARNING, former_dev_group.MESSAGE, former_dev_group.PLACE, former_dev_group.HINT)
    yield from _scripts(subject)
    yield from _dependencies(subject, dynamic)


def _duplicate(subject: Subject, key: str, home: str, dynamic: set[str]) -> Iterator[Finding]:
    place = ("tool", "poetry", key)
    if home in subject.table("project"):
        yield Finding(Severity.WARNING, f"is ignored, because [project] has `{home}`", place, "keep one of the two")
    elif key not in _STILL_USEFUL:
        yield Finding(Severity.WARNING, "is deprecated", place, f"write `{home}` under [project]")
    elif home not in dynamic:
        hint = f"move it to [project]; or, for {_STILL_USEFUL[key]}, list `{home}` in `dynamic` under [project]"
        yield Finding(Severity.WARNING, f"`{home}` is neither in [project] nor dynamic there", place, hint)


def _scripts(subject: Subject) -> Iterator[Finding]:
    scripts = subject.table("tool", "poetry", "scripts")
    console = [
        name for name, script in scripts.items() if not (isinstance(script, dict) and script.get("type") == "file")
    ]
    if not console:
        return
    place = ("tool", "poetry", "scripts", console[0])
    if "scripts" in subject.table("project"):
        yield Finding(Severity.WARNING, "is ignored, because [project] has `scripts`", place, "move it there")
    else:
        yield Finding(Severity.WARNING, "console scripts here are deprecated", place, "move it to [project.scripts]")


def _dependencies(subject: Subject, dynamic: set[str]) -> Iterator[Finding]:
    project = subject.table("project")
    if not project or "dependencies" in project or "dependencies" in dynamic:
        return
    if "dependencies" in subject.table("tool", "poetry"):
        yield Finding(
            Severity.WARNING,
            "stands without `dependencies` in [project], and is not dynamic there",
            ("tool", "poetry", "dependencies"),
            "move what it says to `dependencies` under [project], or list `dependencies` in `dynamic`",
        )
