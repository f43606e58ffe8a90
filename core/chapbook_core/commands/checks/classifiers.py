"""The classifiers of a project."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from chapbook_core.commands.checks.subject import Subject

_TOPS = (
    "Development Status",
    "Environment",
    "Framework",
    "Intended Audience",
    "License",
    "Natural Language",
    "Operating System",
    "Private",
    "Programming Language",
    "Topic",
    "Typing",
)
_SEPARATOR = " :: "


def check(subject: Subject) -> Iterator[Finding]:
    """Look for classifiers that an index would refuse.

    The whole list is known where the package `trove-classifiers` is installed; elsewhere only the first part is.
    """
    known, deprecated = _lists()
    for table in (("project",), ("tool", "poetry")):
        for place, classifier in subject.texts(*table, "classifiers"):
            top = classifier.partition(_SEPARATOR)[0]
            if top == "License":
                message = "classifiers for licences are deprecated"
                yield Finding(Severity.WARNING, message, place, "write `license` under [project] instead")
            if classifier in deprecated:
                instead = " or ".join(f"`{other}`" for other in deprecated[classifier])
                hint = f"use {instead}" if instead else "remove it"
                yield Finding(Severity.WARNING, f"`{classifier}` is deprecated", place, hint)
            elif top == "Private":
                continue
            elif known and classifier not in known:
                yield Finding(Severity.ERROR, f"`{classifier}` is not a classifier", place, "take one from the list")
            elif top not in _TOPS or _SEPARATOR not in classifier:
                hint = f"a classifier begins with one of: {', '.join(_TOPS)}"
                yield Finding(Severity.ERROR, f"`{classifier}` is not a classifier", place, hint)


def _lists() -> tuple[Collection[str], Mapping[str, Collection[str]]]:
    try:
        trove = import_module("trove_classifiers")
    except ImportError:
        return frozenset(), {}
    return trove.classifiers, trove.deprecated_classifiers
