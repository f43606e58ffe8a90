"""Look for mistakes in pyproject.toml, the lock and the notebooks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chapbook_core.commands.checks import CHECKS
from chapbook_core.commands.checks.subject import Finding, Severity, Subject
from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.errors import UsageError
from chapbook_core.project.discovery import PROJECT_FILE, find_project
from chapbook_core.project.manifest import inspect_manifest
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.errors import Mistake
    from chapbook_core.events import Watcher


@frozen
class CheckResult(Result):
    """Everything that was found."""

    findings: tuple[Finding, ...]
    strict: bool

    @property
    def exit_status(self) -> int:
        """Errors fail, and warnings do when asked to."""
        failing = {Severity.ERROR, Severity.WARNING} if self.strict else {Severity.ERROR}
        return int(any(finding.severity in failing for finding in self.findings))

    def report(self) -> tuple[Block, ...]:
        """Tell the findings, the worst ones first, and a count."""
        ranks = list(Severity)
        findings = sorted(self.findings, key=lambda finding: ranks.index(finding.severity))
        messages = tuple(_message(finding) for finding in findings)
        counts = Counter(finding.severity for finding in findings)
        bad = [_count(counts[severity], severity.value) for severity in ranks[:2] if counts[severity]]
        if bad:
            return (*messages, Line(", ".join(bad)))
        hidden = counts[Severity.REMARK]
        remarks = (Line(f"{_count(hidden, 'note')}, shown with `-v`"),) if hidden else ()
        return (*messages, Line((Span("All is well", "good"),)), *remarks)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """Run every check there is, or the one of imports alone, which looks into everything."""
    if invocation.flag("imports"):
        # Reads every notebook and the lists of all that is installed.
        from chapbook_core.commands.imports_check import run as check_imports

        return check_imports(invocation, surroundings, watcher)
    if invocation.flag("fix"):
        raise UsageError("`--fix` goes with `--imports`", hints=["run `chapbook check --imports --fix`"])
    file = find_project(surroundings.start) / PROJECT_FILE
    manifest, mistakes = inspect_manifest(file)
    findings = [_from_mistake(mistake) for mistake in mistakes]
    if manifest is not None:
        subject = Subject(manifest, file.read_bytes().decode(), invocation.flag("lock"), invocation.flag("deep"))
        for check in CHECKS:
            findings += [_located(finding, subject) for finding in check(subject)]
    return CheckResult(tuple(_distinct(findings)), invocation.flag("strict"))


def _located(finding: Finding, subject: Subject) -> Finding:
    return replace(finding, line=subject.line(finding.place)) if finding.place else finding


def _from_mistake(mistake: Mistake) -> Finding:
    # A mistake of the file has its place as text already, which goes before what is wrong.
    message = f"{mistake.place}: {mistake.message}" if mistake.place else mistake.message
    return Finding(Severity.ERROR, message, hint=mistake.hint, line=mistake.line)


def _distinct(findings: Iterable[Finding]) -> Iterable[Finding]:
    return dict.fromkeys(findings)


def _message(finding: Finding) -> Message:
    hints = (finding.hint,) if finding.hint else ()
    match finding.severity:
        case Severity.ERROR:
            return Message("error", finding.text(), hints)
        case Severity.WARNING:
            return Message("warning", finding.text(), hints)
        case Severity.REMARK:
            return Message("note", finding.text(), hints, detail=1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
