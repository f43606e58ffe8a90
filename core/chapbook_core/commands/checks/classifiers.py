"""The classifiers of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.project.classifiers import classifier_problem, first_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Look for classifiers that an index would refuse."""
    for table in (("project",), ("tool", "poetry")):
        for place, classifier in subject.texts(*table, "classifiers"):
            if first_part(classifier) == "License":
                message = "classifiers for licences are deprecated"
                yield Finding(Severity.WARNING, message, place, "write `license` under [project] instead")
            problem = classifier_problem(classifier)
            if problem is not None:
                severity = Severity.ERROR if problem.is_refused else Severity.WARNING
                yield Finding(severity, problem.message, place, problem.hint)
